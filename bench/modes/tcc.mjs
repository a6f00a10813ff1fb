// nestjs-tcc as its users have it: decorated providers in a Nest application. The decorators are applied as the calls
// that a compiler makes of them.
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Cancel, Confirm, GlobalTransaction, Participant, Tcc, TccModule, Try } from 'nestjs-tcc';
import { expectOneRow } from '../workload/local-transaction.mjs';
import { AMOUNT, TRANSFER } from '../workload/sql.mjs';
import { committed } from './committed.mjs';
import { decorate } from './decorate.mjs';

/** @type {import('./modes.mjs').Start} */
export async function start({ urls, poolSize }, { triesTogether = false, phaseTwo = 'inline' }) {
  const settling = new Map();
  const background = phaseTwo === 'background';

  const participant = (side) => {
    class Bank {
      constructor(tcc) {
        this.tcc = tcc;
      }
      hold(id, amount) {
        return this.move('try', id, amount);
      }
      book(id, amount) {
        const moved = this.move('confirm', id, amount);
        return background ? moved.then(() => this.heed()) : moved;
      }
      giveBack(id, amount) {
        return this.move('cancel', id, amount);
      }
      async move(phase, id, amount) {
        const [, moved] = await this.tcc.branch.manager.query(TRANSFER[side][phase], [id, amount]);
        expectOneRow(moved, `${phase} of ${side}`);
      }
      heed() {
        const { xid, manager } = this.tcc.branch;
        const transfer = settling.get(xid);
        committed(manager, () => {
          if (--transfer.left > 0) return;
          settling.delete(xid);
          transfer.settled();
        });
      }
    }
    return decorate(
      Bank,
      [Injectable(), Participant(side, { dataSource: side, effects: 'database' })],
      { hold: Try(), book: Confirm('hold'), giveBack: Cancel('hold') },
      [Tcc],
    );
  };
  const North = participant('north');
  const South = participant('south');

  class Transfers {
    constructor(north, south, tcc) {
      Object.assign(this, { north, south, tcc });
    }
    async transfer({ from, to }, settled) {
      if (background) settling.set(this.tcc.transaction.xid, { left: 2, settled });
      if (triesTogether) await Promise.all([this.north.hold(from, AMOUNT), this.south.hold(to, AMOUNT)]);
      else {
        await this.north.hold(from, AMOUNT);
        await this.south.hold(to, AMOUNT);
      }
    }
  }
  decorate(Transfers, [Injectable()], { transfer: GlobalTransaction({ name: 'transfer', phaseTwo }) }, [
    North,
    South,
    Tcc,
  ]);

  class BenchModule {}
  Module({
    imports: [
      TypeOrmModule.forRoot({ name: 'north', type: 'postgres', url: urls.north, poolSize }),
      TypeOrmModule.forRoot({ name: 'south', type: 'postgres', url: urls.south, poolSize }),
      TccModule.forRoot({ service: 'bench', ledger: { connection: { connectionString: urls.ledger } } }),
    ],
    providers: [North, South, Transfers],
  })(BenchModule);

  const app = await NestFactory.createApplicationContext(BenchModule, { logger: ['warn', 'error'] });
  const transfers = app.get(Transfers);
  return {
    settlesLater: background,
    transfer: (accounts, settled) => transfers.transfer(accounts, settled),
    stop: () => app.close(),
  };
}
