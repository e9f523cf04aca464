#!/usr/bin/env bash
# Other people's programs that foreign.test.ts runs, in versions that it was written with.
# Needs Go 1.26 or later.
#
#   test/foreign/install.sh FOLDER && COUNTERMAND_FOREIGN_TOOLS=FOLDER npm run foreign
set -euo pipefail
GOBIN=$(realpath -m "${1:?usage: test/foreign/install.sh FOLDER}")
export GOBIN

tessera=github.com/transparency-dev/tessera
go install "$tessera/internal/hammer@v1.0.4"
go install "$tessera/cmd/fsck@v1.0.4"
go install "$tessera/cmd/examples/posix-oneshot@v1.0.4"
go install github.com/transparency-dev/witness/cmd/omniwitness@v0.0.0-20260720115447-2e1c6971d19e
go install filippo.io/torchwood/cmd/litewitness@v0.9.0
