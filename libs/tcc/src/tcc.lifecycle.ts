import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { BARRIER_PROVIDER, type BarrierProvider } from './barrier/barrier.provider.js';
import { InFlight } from './coordinator/in-flight.js';
import { Leases } from './coordinator/leases.js';
import { monotonicNow, type Monotonic } from './core/monotonic-clock.js';
import { GroupCommit } from './ledger/group-commit.js';
import type { LedgerPort } from './ledger/ledger.port.js';
import { liveRuntimes } from './participant/live-runtimes.js';
import { ParticipantExplorer } from './participant/participant.explorer.js';
import { Recovery } from './recovery/recovery.js';
import { Retention } from './retention/retention.js';
import { TCC_LEDGER, TCC_SETTINGS } from './tcc.constants.js';
import type { TccSettings } from './tcc.settings.js';
import { Tcc } from './tcc.js';
import { RemoteDirectory } from './transport/remote-directory.js';

/** What happens when: finding participants, opening, starting recovery, and going away without leaving anything behind. */
@Injectable()
export class TccLifecycle
  implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  private drainEnd: Monotonic = 0;

  constructor(
    @Inject(TCC_SETTINGS) private readonly settings: TccSettings,
    @Inject(TCC_LEDGER) private readonly ledger: LedgerPort,
    @Inject(BARRIER_PROVIDER) private readonly barriers: BarrierProvider,
    private readonly explorer: ParticipantExplorer,
    private readonly tcc: Tcc,
    private readonly recovery: Recovery,
    private readonly retention: Retention,
    private readonly commits: GroupCommit,
    private readonly leases: Leases,
    private readonly inFlight: InFlight,
    private readonly directory: RemoteDirectory,
  ) {}

  async onModuleInit(): Promise<void> {
    try {
      this.explorer.explore(this.tcc.registered());
      this.directory.open();
      await this.ledger.open();
      await this.barriers.open();
    } catch (error) {
      // Nest calls no shutdown hook of an application that failed to start
      this.barriers.close();
      await this.directory.close().catch(() => undefined);
      await this.ledger.close().catch(() => undefined);
      throw error;
    }
    this.tcc.initialised();
    liveRuntimes().add(this.tcc);
  }

  async onApplicationBootstrap(): Promise<void> {
    if (this.settings.recovery !== false) await this.recovery.start();
    if (this.settings.retentionMs !== false) this.retention.start();
  }

  /** The databases still answer: Nest closes them in `onApplicationShutdown`, in the order of imports. */
  async beforeApplicationShutdown(): Promise<void> {
    const { drainMs } = this.settings;
    this.drainEnd = monotonicNow() + drainMs;
    await Promise.all([this.recovery.stop(drainMs), this.retention.stop(), this.inFlight.drain(drainMs)]);
    await this.commits.drain();
    // what is still being driven is handed over at once: somebody else need not wait for the lease to lapse
    await this.leases.close().catch(() => undefined);
  }

  /** The server is closed by now; what came in meanwhile is waited for as well, if there is time left. */
  async onApplicationShutdown(): Promise<void> {
    await this.inFlight.drain(Math.max(0, this.drainEnd - monotonicNow()));
    this.tcc.ended();
    await this.commits.drain();
    await this.leases.close().catch(() => undefined);
    this.barriers.close();
    liveRuntimes().delete(this.tcc);
    await this.directory.close();
    await this.ledger.close();
  }
}
