import { Inject, Injectable, Module, type INestApplicationContext, type OnApplicationShutdown } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { TccModule } from 'nestjs-tcc';
import pg from 'pg';
import { CHARGE_LIMIT_MS, POOL, SETTINGS } from '../world/topology.js';
import { NorthBank, SouthBank } from './bank.participants.js';
import { Journal } from './journal.js';
import { Inner, Orders } from './orders.js';
import { Points } from './points.participant.js';
import type { InstancePlan } from './protocol.js';
import { THIRD_PARTY_POOL, ThirdParty } from './third-party.js';

/** Longer than a charge may take: its answer may be late, and is then nobody's. */
const QUERY_TIMEOUT_MS = 2_000;

@Injectable()
class ThirdPartyConnections implements OnApplicationShutdown {
  constructor(@Inject(THIRD_PARTY_POOL) private readonly pool: pg.Pool) {}

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }
}

/** One instance: all participants and initiators on connections that carry its name. */
export async function startSoakApp(plan: InstancePlan): Promise<INestApplicationContext> {
  const { databases, instance, service } = plan;
  const named = (part: string): string => `${instance}/${part}`;
  const database = (name: 'north' | 'south' | 'points') =>
    TypeOrmModule.forRoot({
      name,
      type: 'postgres',
      url: databases[name],
      applicationName: named(name),
      poolSize: POOL,
      connectTimeoutMS: 2_000,
      // away for longer: the process ends and is started again
      retryAttempts: 5,
      retryDelay: 300,
    });
  const third = new pg.Pool({
    connectionString: databases.third,
    application_name: named('third'),
    max: POOL,
    connectionTimeoutMillis: CHARGE_LIMIT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
  });
  third.on('error', () => undefined);
  third.on('connect', (client) => client.on('error', () => undefined));

  @Module({
    imports: [
      database('north'),
      database('south'),
      database('points'),
      TccModule.forRoot({
        ...SETTINGS,
        service,
        instance: `${instance}:${process.pid}`,
        ledger: { connection: { connectionString: databases.ledger, application_name: named('ledger') } },
      }),
    ],
    providers: [
      { provide: THIRD_PARTY_POOL, useValue: third },
      ThirdPartyConnections,
      Journal,
      NorthBank,
      SouthBank,
      Points,
      ThirdParty,
      Inner,
      Orders,
    ],
  })
  class SoakModule {}

  const heard = (level: string) => (message: unknown) => void process.stderr.write(`${level} ${String(message)}\n`);
  const logger = { log: () => undefined, warn: heard('WARN'), error: heard('ERROR'), fatal: heard('FATAL') };
  return NestFactory.createApplicationContext(SoakModule, { logger, abortOnError: false });
}
