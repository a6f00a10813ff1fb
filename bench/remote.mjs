// npm run bench:remote [-- seconds]: one branch in another process over HTTP, against bare HTTP calls that do the same
// local transactions (a try and a confirm) and that nothing remembers. Interleaved; the ratio is what counts.
import 'reflect-metadata';
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { InjectParticipant, Tcc, TccModule } from 'nestjs-tcc';
import { startPostgres } from 'nestjs-tcc-testing';
import pg from 'pg';
import { measureRatios } from './measure.mjs';
import { KEYS } from './remote/common.mjs';

const SECONDS = Number(process.argv[2] ?? 3);
const ACCOUNTS = 1_000;

const server = await startPostgres({ settings: ['fsync=on', 'synchronous_commit=on', 'full_page_writes=on'] });
const admin = new pg.Client(server.url);
await admin.connect();
const urls = {};
for (const name of ['ledger', 'bank']) {
  const database = `bench_${process.pid}_${name}`;
  await admin.query(`create database ${database}`);
  urls[name] = Object.assign(new URL(server.url), { pathname: `/${database}` }).href;
}
const client = new pg.Client(urls.bank);
await client.connect();
await client.query(`create table account (id int primary key, balance bigint, held bigint not null default 0);
  insert into account select id, 1000000 from generate_series(1, ${ACCOUNTS}) id;
  create table hand_barrier (xid uuid, phase text, primary key (xid, phase))`);
await client.end();

const participant = fork(new URL('remote/participant.mjs', import.meta.url), [urls.bank]);
const heard = () => new Promise((resolve) => participant.once('message', resolve));
const { port } = await heard();

class Caller {
  constructor(bank, tcc) {
    this.bank = bank;
    this.tcc = tcc;
  }
}
InjectParticipant('bank')(Caller, undefined, 0);
Reflect.defineMetadata('design:paramtypes', [Object, Tcc], Caller);
class CallerModule {}
Module({
  imports: [
    TccModule.forRoot({
      service: 'caller',
      ledger: { connection: { connectionString: urls.ledger } },
      remote: { keys: KEYS },
    }),
    TccModule.forRemote([{ participant: 'bank', service: 'bank', url: `http://127.0.0.1:${port}` }]),
  ],
  providers: [Caller],
})(CallerModule);
const app = await NestFactory.createApplicationContext(CallerModule, { logger: ['error'] });
const caller = app.get(Caller);

const agent = new http.Agent({ keepAlive: true });
const post = (path, body) =>
  new Promise((resolve, reject) => {
    const request = http.request(
      { port, host: '127.0.0.1', path, method: 'POST', agent, headers: { 'content-type': 'application/json' } },
      (answer) => {
        answer.resume();
        answer.once('end', () => (answer.statusCode === 200 ? resolve() : reject(new Error(`${answer.statusCode}`))));
      },
    );
    request.once('error', reject);
    request.end(JSON.stringify(body));
  });

const account = () => 1 + Math.floor(Math.random() * ACCOUNTS);
const subjects = {
  hand: async () => {
    const call = { xid: randomUUID(), id: account() };
    await post('/bare/try', call);
    await post('/bare/confirm', call);
  },
  tcc: () => caller.tcc.run({ name: 'move' }, () => caller.bank.move(account(), 1)),
};

try {
  console.log('One remote branch over HTTP; ratios to bare HTTP calls with the same local transactions.');
  await measureRatios(subjects, SECONDS);
} finally {
  await app.close();
  agent.destroy();
  participant.disconnect();
  for (const name of ['ledger', 'bank'])
    await admin.query(`drop database if exists bench_${process.pid}_${name} with (force)`);
  await admin.end();
  await server.stop();
}
