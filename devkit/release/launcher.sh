#!/bin/sh
# The command `torhaus` of a release: runs in the Node that came with it, wherever it lies and whatever links lead here.
folder=$(dirname "$(readlink -f "$0")")
exec "$folder/node_modules/.bin/node" "$folder/bin/torhaus.mjs" "$@"
