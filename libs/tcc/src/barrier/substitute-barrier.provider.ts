import type { BarrierPort } from './barrier.port.js';
import type { BarrierProvider } from './barrier.provider.js';

/** One barrier for every participant, whatever DataSource it names: for tests without a database. */
export class SubstituteBarrierProvider implements BarrierProvider {
  constructor(private readonly barrier: BarrierPort) {}

  find(name: string | undefined): { dataSource: object; barrier: BarrierPort } {
    return { dataSource: { substitute: name ?? 'default' }, barrier: this.barrier };
  }

  async open(): Promise<void> {
    await this.barrier.open();
  }

  close(): void {
    // nothing was patched
  }
}
