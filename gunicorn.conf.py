"""How the web server runs, in `bin/serve` and wherever `gunicorn portal.wsgi` is started."""

worker_class = "gthread"
workers = 2
threads = 4
timeout = 60  # seconds
graceful_timeout = 10  # seconds
keepalive = 5  # seconds
# A worker is renewed now and then, so that memory that a library loses is given back.
max_requests = 10_000
max_requests_jitter = 1_000

# The control socket can stop or reload the server; nobody here uses it.
control_socket_disable = True
# RequestLogMiddleware writes the lines; the server's own would hold paths and IPs.
accesslog = None
logger_class = "portal.server_log.ServerLogger"
