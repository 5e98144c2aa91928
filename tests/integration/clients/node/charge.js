'use strict';
// A station made of the package ocpp-rpc. Its argument is a plan (see clients_case.py); it prints its ledger.

const { setTimeout: sleep } = require('timers/promises');
const { RPCClient } = require('ocpp-rpc');
const { RPCError } = require('ocpp-rpc/lib/errors');
const dialects = require('./dialects');

const plan = JSON.parse(process.argv[2]);
const dialect = dialects[plan.protocol];
const client = new RPCClient({
  endpoint: plan.url,
  identity: plan.station,
  password: plan.password,
  protocols: [plan.protocol],
  strictMode: true,
  callTimeoutMs: 25_000,
  backoff: { initialDelay: 100, maxDelay: 1_000, factor: 2, randomisationFactor: 0.25 },
});
const asked = { start: [], stop: [] };

client.handle(dialect.remoteStart[0], ({ params }) => {
  asked.start.push(dialect.remoteStart[1](params));
  return { status: 'Accepted' };
});
client.handle(dialect.remoteStop[0], ({ params }) => {
  asked.stop.push(dialect.remoteStop[1](params));
  return { status: 'Accepted' };
});

function print(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function connect() {
  for (;;) {
    try {
      return await client.connect();
    } catch {
      await sleep(200);
    }
  }
}

// Sends a message until it is answered, as a station keeps it until then; a CALLERROR ends the program.
async function tell([action, payload]) {
  for (;;) {
    try {
      return await client.call(action, payload);
    } catch (error) {
      if (error instanceof RPCError && error.name !== 'TimeoutError') throw new Error(`${action}: ${error.rpcErrorCode} ${error.message}`);
      await sleep(100);
    }
  }
}

async function whenAsked(what, line) {
  print(line);
  while (asked[what].length === 0) await sleep(20);
  return asked[what].shift();
}

function must(true_, what) {
  if (!true_) throw new Error(what);
}

async function play(session) {
  Object.assign(session, { connector: 1, token: plan.token, reason: session.way === 'remote' ? 'Remote' : 'Local' });
  session.offline = session.way === 'offline';
  if (session.way === 'remote') session.token = await whenAsked('start', { ask: 'start' });
  else must(dialect.accepted(await tell(dialect.authorize(plan.token))), 'the token is not accepted');
  await tell(dialect.status(session.connector, true));
  if (session.offline) await client.close({ force: true });

  session.readings = [];
  for (const wh of session.wh) {
    session.readings.push({ wh, at: new Date().toISOString() });
    await sleep(plan.pause_ms);
    if (!session.offline) await sayNext(session);
  }
  if (session.offline) {
    await connect();
    for (const number of session.readings.keys()) await sayNext(session, number);
  }
  await tell(dialect.status(session.connector, false));
  const [first, last] = [session.wh[0], session.wh.at(-1)];
  print({ transaction: String(session.transaction), meter_start: first, meter_stop: last, wh: last - first, token: session.token });
}

async function sayNext(session, number = session.readings.length - 1) {
  const reading = session.readings[number];
  if (number === 0) {
    const answer = await tell(dialect.begin(session));
    must(dialect.accepted(answer), 'the start is not accepted');
    dialect.begun(session, answer);
  } else if (number < session.wh.length - 1) {
    await tell(dialect.meter(session, reading));
  } else {
    if (session.way === 'remote') {
      const stop = await whenAsked('stop', { ask: 'stop', transaction: String(session.transaction) });
      must(stop === String(session.transaction), 'asked to stop another transaction');
    }
    await tell(dialect.end(session, reading));
  }
}

async function main() {
  await connect();
  must((await tell(dialect.boot())).status === 'Accepted', 'not accepted');
  for (const session of plan.sessions) await play(session);
  await tell(['Heartbeat', {}]);
  await client.close();
}

main().then(() => process.exit(0), (error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
