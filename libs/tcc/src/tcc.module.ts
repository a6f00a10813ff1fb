import { Module, type DynamicModule } from '@nestjs/common';
import { TccCoreModule } from './tcc-core.module.js';
import type { ASYNC_OPTIONS_TYPE, OPTIONS_TYPE } from './tcc.module-definition.js';

/**
 * Distributed transactions for an application. Import it once, in the root module; participants are found by
 * themselves, and `Tcc` can be injected everywhere.
 *
 * @publicApi
 */
@Module({})
export class TccModule {
  /** @throws ConfigurationError, WiringError, SchemaError when the application is initialised */
  static forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    return { module: TccModule, imports: [TccCoreModule.forRoot(options)] };
  }

  /** The same with options that a factory or another provider gives. */
  static forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return { module: TccModule, imports: [TccCoreModule.forRootAsync(options)] };
  }
}
