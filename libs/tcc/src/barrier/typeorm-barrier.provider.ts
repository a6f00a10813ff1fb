import type { ModuleRef } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import type { FaultHook } from '../core/fault-point.js';
import type { BarrierPort } from './barrier.port.js';
import type { BarrierProvider } from './barrier.provider.js';
import { guardPool } from './guard-pool.js';
import { joinDataSource } from './join-data-source.js';
import { TypeOrmBarrier } from './typeorm-barrier.js';

/** A barrier for each DataSource of the application that a participant asks for. */
export class TypeOrmBarrierProvider implements BarrierProvider {
  private readonly found = new Map<DataSource, BarrierPort>();
  private readonly undo: (() => void)[] = [];

  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly migrations: 'run' | 'check',
    private readonly faults: FaultHook,
  ) {}

  find(name: string | undefined): { dataSource: object; barrier: BarrierPort } | 'missing' | 'no postgres' {
    const dataSource = dataSourceNamed(this.moduleRef, name);
    if (!dataSource) return 'missing';
    if (dataSource.options.type !== 'postgres') return 'no postgres';
    let barrier = this.found.get(dataSource);
    if (!barrier) {
      barrier = new TypeOrmBarrier(dataSource, {
        name: name ?? 'default',
        migrations: this.migrations,
        fault: this.faults,
      });
      this.found.set(dataSource, barrier);
      this.undo.push(joinDataSource(dataSource), guardPool(dataSource));
    }
    return { dataSource, barrier };
  }

  async open(): Promise<void> {
    for (const barrier of this.found.values()) await barrier.open();
  }

  close(): void {
    for (const undo of this.undo.splice(0)) undo();
  }
}

/** Looked up when it is needed, not injected: so that the order in which modules are imported does not matter. */
export function dataSourceNamed(moduleRef: ModuleRef, name: string | undefined): DataSource | undefined {
  try {
    return moduleRef.get<DataSource>(getDataSourceToken(name), { strict: false });
  } catch {
    return undefined;
  }
}
