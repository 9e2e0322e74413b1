#include "COpenAPI.h"

// The compiler takes it in in no time; an array of bytes in Swift would take it half a minute.
#pragma clang diagnostic ignored "-Wc23-extensions"
static const char yaml[] = {
#embed "../WebAPI/OpenAPI/openapi.yaml"
    , 0};

const char *openapi_yaml(void) { return yaml; }
