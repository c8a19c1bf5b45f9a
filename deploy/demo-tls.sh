#!/bin/sh
# An authority and a certificate for trying the portal with `docker compose --profile idp`, in the folder named.
# Names: hub.hubsso.test and idp.hubsso.test; have both lead to 127.0.0.1 (/etc/hosts). Not for production.
set -eu
folder=${1:?usage: deploy/demo-tls.sh FOLDER}
mkdir -p "$folder"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj "/CN=HubSSO demo authority" \
    -keyout "$folder/ca-key.pem" -out "$folder/ca.pem" \
    -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign"
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=hub.hubsso.test" \
    -keyout "$folder/key.pem" -out "$folder/request.pem"
printf 'subjectAltName=DNS:hub.hubsso.test,DNS:idp.hubsso.test\nextendedKeyUsage=serverAuth\n' > "$folder/names"
openssl x509 -req -in "$folder/request.pem" -CA "$folder/ca.pem" -CAkey "$folder/ca-key.pem" -days 30 \
    -extfile "$folder/names" -out "$folder/cert.pem"
rm "$folder/request.pem" "$folder/names" "$folder/ca-key.pem"
chmod 0644 "$folder/key.pem"  # the containers read it as users of their own
