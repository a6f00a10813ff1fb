/**
 * Program of the keeper: a small detached process that owns one server and lives exactly as long as the process that
 * asked for it. When that one ends for any reason (SIGKILL too), the keeper's stdin ends; it then stops the server and
 * removes temporary data.
 *
 * A string for `node -e`: a file of its own would be lost by bundlers, and `Function#toString` breaks under tools that
 * add helpers to function bodies. It gets a {@link KeeperOrder} as argument and answers with one line of JSON.
 */
export const KEEPER_SOURCE = String.raw`
'use strict';
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const order = JSON.parse(process.argv[1]);
process.chdir('/'); // the folder we were started in may be deleted or unmounted
process.stdout.on('error', () => {}); // the owner may be gone

let child;
let stopping = false;
let log = '';

let ended = false;
const end = (message) => {
  if (ended) return;
  ended = true;
  if (order.remove) fs.rmSync(order.remove, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  if (message) process.stdout.write(JSON.stringify(message) + '\n', () => process.exit(0));
  else process.exit(0);
};

const stop = () => {
  if (stopping) return;
  stopping = true;
  if (!child) return end();
  child.kill('SIGINT'); // fast shutdown
  setTimeout(() => child.kill('SIGQUIT'), order.patienceMs);
};

const run = (program, args, onText, onExit) => {
  log = '';
  child = spawn(program, args, { ...order.ids, env: { ...process.env, ...order.env }, stdio: ['ignore', 'ignore', 'pipe'] });
  child.on('error', (error) => end({ error: String(error) }));
  child.stderr.setEncoding('utf8').on('data', (text) => {
    log = (log + text).slice(-8000);
    onText();
  });
  child.on('close', (code, signal) => {
    child = undefined;
    onExit(code === null ? signal : code);
  });
};

const serve = () => {
  let ready = false;
  run(
    order.postgres.program,
    order.postgres.args,
    () => {
      if (ready || !log.includes('ready to accept connections')) return;
      ready = true;
      if (order.note) fs.writeFileSync(order.note, JSON.stringify({ server: child.pid, keeper: process.pid, owner: order.owner }));
      process.stdout.write(JSON.stringify({ ready: true, pid: child.pid }) + '\n');
    },
    (how) => end(ready ? undefined : { error: 'postgres ended (' + how + ')\n' + log }),
  );
};

// Without it a power cut may undo the rename of a folder whose contents are on disk already.
const syncFolder = (folder) => {
  if (process.platform === 'win32') return; // opens no folders
  const handle = fs.openSync(folder, 'r');
  fs.fsyncSync(handle);
  fs.closeSync(handle);
};

const publish = () => {
  const { from, to } = order.initdb;
  if (from === to) return;
  try {
    fs.renameSync(from, to);
    syncFolder(path.dirname(to));
  } catch (error) {
    if (!fs.existsSync(to)) throw error;
    fs.rmSync(from, { recursive: true, force: true }); // another start was faster: its folder is used
  }
};

const init = () => {
  try {
    for (const folder of order.initdb.make) {
      fs.mkdirSync(folder, { mode: 0o700 }); // fails where somebody else has put something
      if (order.ids.uid !== undefined) fs.chownSync(folder, order.ids.uid, order.ids.gid);
    }
  } catch (error) {
    return end({ error: String(error) });
  }
  run(order.initdb.program, order.initdb.args, () => {}, (how) => {
    if (stopping || how !== 0) {
      fs.rmSync(order.initdb.from, { recursive: true, force: true });
      return end({ error: 'initdb ended (' + how + ')\n' + log });
    }
    try {
      publish();
    } catch (error) {
      return end({ error: String(error) });
    }
    serve();
  });
};

process.stdin.resume().on('end', stop).on('close', stop).on('error', stop);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
if (order.initdb) init();
else serve();
`;
