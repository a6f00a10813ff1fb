import { Injectable, Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Cancel, Confirm, Message, Participant, Tcc, TccModule, Try } from 'nestjs-tcc';
import { World } from './world.js';

export class RefusedError extends Error {}

abstract class Actor {
  constructor(
    private readonly world: World,
    private readonly tcc: Tcc,
  ) {}

  @Try()
  async act(label: string, refuses: boolean): Promise<string> {
    await this.world.step(`${label} works`);
    if (refuses) throw new RefusedError();
    return this.tcc.branch.idempotencyKey;
  }
  @Confirm('act')
  async keep(_label: string, _refuses: boolean, key: string): Promise<void> {
    // the result of this very try
    if (key !== this.tcc.branch.idempotencyKey) this.world.breaches.push(`${key} was given to another branch`);
    await this.world.step('a confirm works');
  }
  @Cancel('act')
  async undo(): Promise<void> {
    await this.world.step('a cancel works');
  }

  @Message()
  async tell(_label: string): Promise<void> {
    await this.world.step('a message works');
  }
  @Message()
  announce(_label: string): void {
    // called like a method that nobody waits for
  }
}

/** Registered before its try begins. */
@Injectable()
@Participant('first', { dataSource: 'any' })
export class First extends Actor {
  constructor(world: World, tcc: Tcc) {
    super(world, tcc);
  }
}

/** Registered while its try runs. */
@Injectable()
@Participant('second', { dataSource: 'any', effects: 'database' })
export class Second extends Actor {
  constructor(world: World, tcc: Tcc) {
    super(world, tcc);
  }
}

/** An instance in that world. */
export async function startStage(world: World): Promise<INestApplicationContext> {
  @Module({
    imports: [
      TccModule.forRoot({
        service: 'stage',
        ledger: { port: world.ledger },
        barrier: world.barrier,
        recovery: false,
        retry: { initial: '1ms', cap: '5ms' },
        ledgerTimeout: '30s',
        drain: '10ms',
      }),
    ],
    providers: [{ provide: World, useValue: world }, First, Second],
  })
  class StageModule {}
  return NestFactory.createApplicationContext(StageModule, { logger: false, abortOnError: false });
}
