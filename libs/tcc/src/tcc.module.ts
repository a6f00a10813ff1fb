import { Module, type DynamicModule, type FactoryProvider, type ModuleMetadata } from '@nestjs/common';
import { RemoteEntries } from './participant/remote/remote-entries.js';
import type { RemoteParticipantOptions } from './participant/remote/remote.options.js';
import { TccCoreModule, withOwnParts } from './tcc-core.module.js';
import type { ASYNC_OPTIONS_TYPE, OPTIONS_TYPE } from './tcc.module-definition.js';

/**
 * Options of `TccModule.forRemoteAsync()`.
 *
 * @publicApi
 */
export interface RemoteAsyncOptions
  extends
    Pick<ModuleMetadata, 'imports'>,
    Pick<FactoryProvider<readonly RemoteParticipantOptions[]>, 'inject' | 'useFactory'> {}

@Module({})
class TccRemoteModule {}

/** A token of its own: several calls are several providers. */
const remoteModule = (
  provider: { useValue: RemoteEntries } | Pick<FactoryProvider<RemoteEntries>, 'useFactory' | 'inject'>,
): DynamicModule => ({
  module: TccRemoteModule,
  providers: [{ provide: Symbol('nestjs-tcc:remote-entries'), ...provider } as FactoryProvider],
});

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
    return { module: TccModule, imports: [withOwnParts(TccCoreModule.forRoot(options))] };
  }

  /** The same with options that a factory or another provider gives. */
  static forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return { module: TccModule, imports: [withOwnParts(TccCoreModule.forRootAsync(options))] };
  }

  /**
   * Says where participants of other applications are. In any module, any number of times.
   *
   * @throws ConfigurationError when the application is initialised
   */
  static forRemote(participants: readonly RemoteParticipantOptions[]): DynamicModule {
    return remoteModule({ useValue: new RemoteEntries(participants) });
  }

  /** The same with places that a factory gives, from a ConfigService say. */
  static forRemoteAsync(options: RemoteAsyncOptions): DynamicModule {
    const { imports = [], inject = [], useFactory } = options;
    const build = async (...args: unknown[]): Promise<RemoteEntries> => new RemoteEntries(await useFactory(...args));
    return { ...remoteModule({ useFactory: build, inject }), imports: [...imports] };
  }
}
