import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { FaultPoint, FaultSubject, TccModuleOptions } from 'nestjs-tcc';
import { faultHook, FaultPlan, type FaultRule } from 'nestjs-tcc-testing';
import request from 'supertest';
import type TestAgent from 'supertest/lib/agent.js';
import type { DatabaseServer } from '../../../apps/shared/src/database/database-server.js';
import { StorefrontModule } from '../../../apps/storefront/src/storefront.module.js';
import { inProcessServices, type Topology } from './in-process-services.js';
import { SILENT } from './silent.js';

/** The shop in this process, as one application or as three, with faults that a test can set as it goes. */
export interface InProcessShop {
  readonly http: TestAgent;
  readonly port: number;
  /** Replaces the faults. What the earlier ones have paused goes on. */
  faults(...rules: FaultRule[]): FaultPlan;
  close(): Promise<void>;
}

export async function inProcessShop(
  server: DatabaseServer,
  topology: Topology = 'one process',
  tcc: Omit<TccModuleOptions, 'service'> = {},
): Promise<InProcessShop> {
  let plan = new FaultPlan([]);
  const options = {
    lease: '1s',
    recovery: { poll: '100ms' },
    retry: { initial: '50ms', cap: '200ms' },
    ...tcc,
    faults: (point: FaultPoint, about: FaultSubject) => faultHook(plan)(point, about),
  } as const;
  const services = topology === 'one process' ? undefined : await inProcessServices(topology, server, options);
  const testing = await Test.createTestingModule({
    imports: [StorefrontModule.forRoot({ server, tcc: options, places: services?.places })],
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
      await services?.close();
    },
  };
}
