"""The same documents from Django with django-redis: from Redis, else from PostgreSQL.

What is cached is the JSON that is sent, so a hit is one GET and no more rendering than a copy.
"""

import os
import urllib.parse

from django.conf import settings

database = urllib.parse.urlsplit(os.environ["DATABASE_URL"])
settings.configure(
    DEBUG=False,
    SECRET_KEY=os.environ["SECRET_KEY"],
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    USE_TZ=True,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": database.hostname,
            "PORT": database.port,
            "USER": database.username,
            "PASSWORD": database.password,
            "NAME": database.path.lstrip("/"),
            "CONN_MAX_AGE": None,
        }
    },
    CACHES={"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": os.environ["REDIS_URL"]}},
)

from django.core.cache import cache  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection  # noqa: E402
from django.http import Http404, HttpResponse  # noqa: E402
from django.urls import re_path  # noqa: E402


def document(request):
    path = request.get_full_path()
    body = cache.get(path)
    if body is None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT body FROM peer_documents WHERE path = %s", [path])
            row = cursor.fetchone()
        if row is None:
            raise Http404
        body = row[0]
        cache.set(path, body, timeout=None)
    return HttpResponse(body, content_type="application/json")


urlpatterns = [re_path(r"^api/v1/", document)]
application = get_wsgi_application()
