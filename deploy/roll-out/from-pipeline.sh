#!/bin/sh
# The last stage of a pipeline: from-pipeline.sh VERSION. deploy/two-machines/ holds the plan and the files of the release;
# ROLLOUT_SSH_KEY, SMOKE_TEST_TOKEN and ADMIN_CREDENTIAL come from the secrets of the pipeline. The key that the release must be
# signed with is deploy/two-machines/release-key.pub, its public half, in the repository: without it nothing is rolled out.
# ROLLOUT_ALLOW_OLDER=yes lets a version through that is older than what runs.
set -eu
version=$1
here=$(dirname "$(readlink -f "$0")")
place=${ROLLOUT_PLACE:-$here/../two-machines}
cd "$place"

# The roll-out verifies this, too, but comes out of the tarball: until here it has run nothing of the release.
openssl pkeyutl -verify -pubin -inkey release-key.pub -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig
sha256sum --check --strict --ignore-missing SHA256SUMS
tarball=torhaus-$version-linux-x64.tar.gz
grep -q "  $tarball\$" SHA256SUMS

work=$(mktemp -d)
trap 'rm -rf "$work"; rm -f smoke-test-token admin-credential' EXIT
umask 077
printf '%s\n' "${SMOKE_TEST_TOKEN:?}" >smoke-test-token
printf '%s\n' "${ADMIN_CREDENTIAL:?}" >admin-credential
if [ -f "${ROLLOUT_SSH_KEY:?}" ]; then cp "$ROLLOUT_SSH_KEY" "$work/key"; else printf '%s\n' "$ROLLOUT_SSH_KEY" >"$work/key"; fi
# `ssh` and `scp` of the plan, with this key and no question asked; hosts must be known.
for program in ssh scp; do
  printf '#!/bin/sh\nexec %s -i "%s" -o BatchMode=yes "$@"\n' "$(command -v "$program")" "$work/key" >"$work/$program"
  chmod 700 "$work/$program"
done
tar -xf "$tarball" -C "$work"
release=$work/torhaus-$version-linux-x64
export PATH="$work:$release/node_modules/.bin:$PATH"
set -- --plan plan.yaml --version "$version" --json
if [ "${ROLLOUT_ALLOW_OLDER:-}" = yes ]; then set -- "$@" --allow-older; fi
node "$release/dist/roll-out.js" "$@"
