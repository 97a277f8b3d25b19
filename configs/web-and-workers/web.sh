#!/bin/sh
# web.sh RUN_DIR PORT - nginx in the foreground, with all that it writes in RUN_DIR/web.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1/web"
run=$(cd "$1/web" && pwd)
PATH=$PATH:/usr/sbin

# Its workers stay whoever started it, so that they can read the page wherever it is.
user=
if [ "$(id -u)" -eq 0 ]; then user="user $(id -un) $(id -gn);"; fi

cat >"$run/nginx.conf" <<CONF
$user
worker_processes 2;
pid "$run/nginx.pid";
error_log stderr;
events { worker_connections 64; }
http {
    access_log off;
    default_type text/html;
    client_body_temp_path "$run/body";
    proxy_temp_path "$run/proxy";
    fastcgi_temp_path "$run/fastcgi";
    scgi_temp_path "$run/scgi";
    uwsgi_temp_path "$run/uwsgi";
    server {
        listen 127.0.0.1:$2;
        root "$here/html";
    }
}
CONF
exec nginx -e stderr -p "$run" -c "$run/nginx.conf" -g 'daemon off;'
