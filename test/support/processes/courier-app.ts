import { Injectable, Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  defaultPayloadCodec,
  defineParticipant,
  defineTry,
  PostgresLedger,
  Tcc,
  TccModule,
  type BranchWrite,
  type ParticipantDefinition,
  type TccModuleOptions,
} from 'nestjs-tcc';
import { uuidv7 } from 'uuidv7';

/** What a courier's confirm or cancel does. */
export type Delivery = (parcel: string, phase: 'confirm' | 'cancel') => Promise<void> | void;

/** A participant without DataSource: nothing guards it, so every call of it counts. */
export const courier = (name: string, deliver: Delivery): ParticipantDefinition =>
  defineParticipant(
    name,
    { dataSource: false },
    {
      send: defineTry({
        timeLimit: '1s',
        try: async (parcel: string) => parcel,
        confirm: (parcel: string) => deliver(parcel, 'confirm'),
        cancel: (parcel: string) => deliver(parcel, 'cancel'),
      }),
    },
  );

/** An application with couriers and nothing else but a ledger. */
export interface CourierApp {
  readonly app: INestApplicationContext;
  readonly tcc: Tcc;
  close(): Promise<void>;
}

export async function startCouriers(
  ledger: string,
  couriers: readonly ParticipantDefinition[],
  options: Partial<TccModuleOptions> = {},
): Promise<CourierApp> {
  @Injectable()
  class Couriers {
    constructor(tcc: Tcc) {
      for (const each of couriers) tcc.register(each);
    }
  }

  @Module({
    imports: [
      TccModule.forRoot({
        service: 'post',
        lease: '2s',
        recovery: { poll: '50ms' },
        retry: { initial: '50ms', cap: '500ms' },
        ledger: { connection: { connectionString: ledger } },
        ...options,
      }),
    ],
    providers: [Couriers],
  })
  class CourierModule {}

  const app = await NestFactory.createApplicationContext(CourierModule, { logger: false, abortOnError: false });
  return { app, tcc: app.get(Tcc), close: () => app.close() };
}

/** A transaction whose initiator has died. */
export interface Orphan {
  /** What it sends, by courier. */
  readonly parcels: readonly { readonly courier: string; readonly parcel: string; readonly args?: string }[];
  /** `cancelled`: it died before its decision. */
  readonly towards: 'confirmed' | 'cancelled';
}

/**
 * Puts transactions into the ledger that are due at once, as a process leaves them that died.
 *
 * @returns their xids, in order
 */
export async function orphans(ledgerUrl: string, service: string, list: readonly Orphan[]): Promise<string[]> {
  const ledger = new PostgresLedger({
    pool: { connectionString: ledgerUrl },
    database: 'the test database',
    migrations: 'run',
    timeoutMs: 20_000,
    warn: () => undefined,
  });
  await ledger.open();
  const xids = list.map(() => uuidv7());
  // The deadline has passed for those that die before it; a decision to confirm must come before.
  const deadlines = { confirmed: performance.now() + 60_000, cancelled: performance.now() - 60_000 };
  await ledger.flush({
    begins: list.map(({ parcels, towards }, index) => ({
      xid: xids[index]!,
      service,
      name: 'sending',
      order: 'together',
      baggage: {},
      deadline: deadlines[towards],
      branches: parcels.map(({ courier: participant, parcel, args }, seq): BranchWrite => ({
        seq: seq + 1,
        participant,
        method: 'send',
        kind: 'tcc',
        args: args ?? defaultPayloadCodec.encode([parcel]),
        timeLimitMs: 1_000,
      })),
    })),
    registers: [],
    decides: [],
    settles: [],
  });
  await ledger.flush({
    begins: [],
    registers: [],
    decides: list.flatMap(({ parcels, towards }, index) =>
      towards === 'cancelled'
        ? []
        : [
            {
              xid: xids[index]!,
              to: 'confirming' as const,
              outcomes: Object.fromEntries(
                parcels.map(({ parcel }, seq) => [
                  seq + 1,
                  { confirm: true, answered: true, result: defaultPayloadCodec.encode(parcel) },
                ]),
              ),
              owner: 'dead',
              leaseMs: 0,
            },
          ],
    ),
    settles: [],
  });
  await ledger.close();
  return xids;
}
