/// The API's description, openapi.yaml, as it was when the program was compiled: UTF-8, with a zero at the end.
const char *openapi_yaml(void);
