// npm run bench [-- seconds]: transfers between two databases, by hand and with nestjs-tcc, interleaved in one run.
// What it shows is the ratio; seconds of a shared machine mean little.
import pg from 'pg';
import { startPostgres } from 'nestjs-tcc-testing';
import { handWritten } from './hand-written.mjs';
import { nestjsTcc } from './nestjs-tcc.mjs';

const SECONDS = Number(process.argv[2] ?? 3);
const ACCOUNTS = 1_000;
const ROUNDS = 3;

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

const subjects = { 'by hand': handWritten(urls), 'nestjs-tcc': await nestjsTcc(urls) };

async function measure({ transfer }, concurrency, seconds) {
  const took = [];
  const cpu = process.cpuUsage();
  const end = performance.now() + seconds * 1_000;
  const client = async () => {
    while (performance.now() < end) {
      const startedAt = performance.now();
      await transfer(1 + Math.floor(Math.random() * ACCOUNTS));
      took.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, client));
  const { user, system } = process.cpuUsage(cpu);
  took.sort((a, b) => a - b);
  return { perSecond: took.length / seconds, p50: took[took.length >> 1], cpu: (user + system) / took.length };
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

try {
  console.log(`Ratios to by hand, median of ${ROUNDS} interleaved rounds of ${SECONDS} s; CPU is of the Node process.`);
  for (const concurrency of [1, 8, 32]) {
    for (const subject of Object.values(subjects)) await measure(subject, concurrency, 0.5);
    const ratios = [];
    for (let round = 0; round < ROUNDS; round++) {
      const hand = await measure(subjects['by hand'], concurrency, SECONDS);
      const tcc = await measure(subjects['nestjs-tcc'], concurrency, SECONDS);
      ratios.push({ throughput: tcc.perSecond / hand.perSecond, p50: tcc.p50 / hand.p50, cpu: tcc.cpu / hand.cpu });
    }
    const of = (what) => median(ratios.map((ratio) => ratio[what])).toFixed(2);
    console.log(
      `${String(concurrency).padStart(3)} at a time: throughput ${of('throughput')}  p50 ${of('p50')}  CPU ${of('cpu')}`,
    );
  }
} finally {
  for (const subject of Object.values(subjects)) await subject.stop();
  for (const name of ['ledger', 'north', 'south'])
    await admin.query(`drop database if exists bench_${process.pid}_${name} with (force)`);
  await admin.end();
  await server.stop();
}
