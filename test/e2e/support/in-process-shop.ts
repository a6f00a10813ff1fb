import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { TccModuleOptions } from 'nestjs-tcc';
import { faultHook, FaultPlan, type FaultRule } from 'nestjs-tcc-testing';
import request from 'supertest';
import type TestAgent from 'supertest/lib/agent.js';
import type { DatabaseServer } from '../../../apps/shared/src/database/database-server.js';
import { StorefrontModule } from '../../../apps/storefront/src/storefront.module.js';

/** The shop in this process, with faults that a test can set as it goes. */
export interface InProcessShop {
  readonly http: TestAgent;
  readonly port: number;
  /** Replaces the faults. What the earlier ones have paused goes on. */
  faults(...rules: FaultRule[]): FaultPlan;
  close(): Promise<void>;
}

const nothing = (): void => undefined;
/** Faults are on purpose here. */
const SILENT = { log: nothing, warn: nothing, error: nothing };

export async function inProcessShop(
  server: DatabaseServer,
  tcc: Omit<TccModuleOptions, 'service'> = {},
): Promise<InProcessShop> {
  let plan = new FaultPlan([]);
  const options = {
    lease: '1s',
    recovery: { poll: '100ms' },
    retry: { initial: '50ms', cap: '200ms' },
    ...tcc,
  } as const;
  const testing = await Test.createTestingModule({
    imports: [
      StorefrontModule.forRoot({
        server,
        tcc: { ...options, faults: (point, about) => faultHook(plan)(point, about) },
      }),
    ],
  })
    .setLogger(SILENT)
    .compile();
  const app: INestApplication = testing.createNestApplication({ logger: SILENT });
  await app.listen(0, '127.0.0.1');
  const listening = app.getHttpServer() as Server;
  return {
    http: request(listening),
    port: (listening.address() as AddressInfo).port,
    faults: (...rules) => {
      plan.resume();
      plan = new FaultPlan(rules);
      return plan;
    },
    close: async () => {
      plan.resume();
      await app.close();
    },
  };
}
