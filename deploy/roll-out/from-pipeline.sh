#!/bin/sh
# The last stage of a pipeline: from-pipeline.sh VERSION. deploy/two-machines/ holds the plan and the files of the release;
# ROLLOUT_SSH_KEY and SMOKE_TEST_TOKEN come from the secrets of the pipeline. The key that the release must be signed with is
# deploy/two-machines/release-key.pub, its public half, in the repository: without it nothing is rolled out.
set -eu
version=$1
here=$(dirname "$(readlink -f "$0")")
place=${ROLLOUT_PLACE:-$here/../two-machines}
cd "$place"

# The signature is of the list, and the list of the files: what does not fit never reaches a machine.
openssl pkeyutl -verify -pubin -inkey release-key.pub -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig
sha256sum --check --strict --ignore-missing SHA256SUMS
tarball=torhaus-$version-linux-x64.tar.gz
grep -q "  $tarball\$" SHA256SUMS

work=$(mktemp -d)
trap 'rm -rf "$work"; rm -f smoke-test-token' EXIT
umask 077
printf '%s\n' "${SMOKE_TEST_TOKEN:?}" >smoke-test-token
if [ -f "${ROLLOUT_SSH_KEY:?}" ]; then cp "$ROLLOUT_SSH_KEY" "$work/key"; else printf '%s\n' "$ROLLOUT_SSH_KEY" >"$work/key"; fi
# `ssh` and `scp` of the plan, with this key and no question asked; hosts must be known.
for program in ssh scp; do
  printf '#!/bin/sh\nexec %s -i "%s" -o BatchMode=yes "$@"\n' "$(command -v "$program")" "$work/key" >"$work/$program"
  chmod 700 "$work/$program"
done
tar -xf "$tarball" -C "$work"
release=$work/torhaus-$version-linux-x64
export PATH="$work:$release/node_modules/.bin:$PATH"
node "$release/dist/roll-out.js" --plan plan.yaml --version "$version" --json
