// A PDS and its PLC directory on loopback, both in one process, which ends when its standard input does.
// Arguments: the folder they are installed in, an empty one for data, a free port for each, and the port that the PDS says
// it is at. A line on standard input is a number of hours: by so many its clock goes ahead.
const { createRequire } = require('node:module')
const { randomBytes } = require('node:crypto')
const { mkdirSync } = require('node:fs')
const { join } = require('node:path')
const { createInterface } = require('node:readline')

const [installed, data, pdsPort, plcPort, publicPort] = process.argv.slice(2)
const from = createRequire(join(installed, 'package.json'))

// Tokens end by the server's clock: a test can't wait for that, so the clock comes to it.
let ahead = 0
const TrueDate = Date
globalThis.Date = class Date extends TrueDate {
  constructor(...given) {
    if (given.length === 0) super(TrueDate.now() + ahead)
    else super(...given)
  }
  static now() {
    return TrueDate.now() + ahead
  }
}

// Both listen on every address unless they are told otherwise, and the PDS where it says it is.
const onLoopback = (app, port) => {
  const listen = app.listen
  app.listen = (_, ...rest) => listen.call(app, Number(port), '127.0.0.1', ...rest)
}

const directory = async () => {
  const { Database, PlcServer } = from('@did-plc/server')
  const server = PlcServer.create({ db: Database.mock(), port: Number(plcPort) })
  onLoopback(server.app, plcPort)
  await server.start()
}

const pds = async () => {
  const secret = () => randomBytes(32).toString('hex')
  mkdirSync(join(data, 'blobs'), { recursive: true })
  Object.assign(process.env, {
    PDS_PORT: publicPort,
    PDS_HOSTNAME: 'localhost',
    PDS_DEV_MODE: 'true',
    PDS_DATA_DIRECTORY: data,
    PDS_BLOBSTORE_DISK_LOCATION: join(data, 'blobs'),
    PDS_DID_PLC_URL: `http://127.0.0.1:${plcPort}`,
    PDS_SERVICE_HANDLE_DOMAINS: '.test',
    PDS_INVITE_REQUIRED: 'false',
    PDS_DISABLE_SSRF_PROTECTION: 'true',
    PDS_CRAWLERS: '',
    PDS_DPOP_SECRET: secret(),
    PDS_ADMIN_PASSWORD: secret(),
    PDS_PLC_ROTATION_KEY_K256_PRIVATE_KEY_HEX: secret(),
  })
  const { PDS, envToCfg, envToSecrets, readEnv } = await import(from.resolve('@atproto/pds'))
  const env = readEnv()
  const server = await PDS.create(envToCfg(env), envToSecrets(env))
  onLoopback(server.app, pdsPort)
  await server.start()
}

createInterface({ input: process.stdin })
  .on('line', (hours) => {
    ahead += Number(hours) * 3_600_000
    console.log('ahead')
  })
  .on('close', () => process.exit(0))
directory()
  .then(pds)
  .then(() => console.log('ready'))
  .catch((error) => {
    console.error(error)
    process.exit(1)
  })
