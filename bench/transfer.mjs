// npm run bench [-- seconds]: transfers between two databases, by hand and with nestjs-tcc, interleaved in one run.
// What it shows is the ratio; seconds of a shared machine mean little.
import pg from 'pg';
import { startPostgres } from 'nestjs-tcc-testing';
import { handWritten } from './hand-written.mjs';
import { measureRatios } from './measure.mjs';
import { nestjsTcc } from './nestjs-tcc.mjs';

const SECONDS = Number(process.argv[2] ?? 3);
const ACCOUNTS = 1_000;

const server = await startPostgres({ settings: ['fsync=on', 'synchronous_commit=on', 'full_page_writes=on'] });
const admin = new pg.Client(server.url);
await admin.connect();
const urls = {};
for (const name of ['ledger', 'north', 'south']) {
  const database = `bench_${process.pid}_${name}`;
  await admin.query(`create database ${database}`);
  urls[name] = Object.assign(new URL(server.url), { pathname: `/${database}` }).href;
}
for (const name of ['north', 'south']) {
  const client = new pg.Client(urls[name]);
  await client.connect();
  await client.query(`create table account (id int primary key, balance bigint, held bigint not null default 0);
    insert into account select id, 1000000 from generate_series(1, ${ACCOUNTS}) id;
    create table hand_barrier (xid uuid, phase text, primary key (xid, phase))`);
  await client.end();
}

const subjects = { hand: handWritten(urls), tcc: await nestjsTcc(urls) };
const account = () => 1 + Math.floor(Math.random() * ACCOUNTS);

try {
  console.log('Transfers; ratios to the same by hand.');
  await measureRatios(
    { hand: () => subjects.hand.transfer(account()), tcc: () => subjects.tcc.transfer(account()) },
    SECONDS,
  );
} finally {
  for (const subject of Object.values(subjects)) await subject.stop();
  for (const name of ['ledger', 'north', 'south'])
    await admin.query(`drop database if exists bench_${process.pid}_${name} with (force)`);
  await admin.end();
  await server.stop();
}
