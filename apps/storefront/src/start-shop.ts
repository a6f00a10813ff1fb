import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { startPostgres } from 'nestjs-tcc-testing';
import { StderrLogger } from '../../shared/src/stderr.logger.js';
import type { ShopSettings } from './settings/shop-settings.js';
import { StorefrontModule } from './storefront.module.js';

/** A shop that serves. */
export interface RunningShop {
  readonly port: number;
  /** Where its own database server is, for those who want to look; undefined when it was given one. */
  readonly ownDatabases: string | undefined;
  /** Ends what is under way, hands over what is not, and resolves when its own database server has ended too. */
  stop(): Promise<void>;
}

/** The database server, the application, the port. @throws when one of them does not start; nothing is left running */
export async function startShop(settings: ShopSettings): Promise<RunningShop> {
  const server = await databaseServer(settings);
  try {
    const { databasePrefix: prefix, tcc, places } = settings;
    const app = await NestFactory.create(
      StorefrontModule.forRoot({ server: { url: server.url, prefix }, tcc, places }),
      { logger: new StderrLogger(), abortOnError: false },
    );
    try {
      await app.listen(settings.port, settings.host);
    } catch (error) {
      await app.close();
      throw error;
    }
    const stop = async (): Promise<void> => {
      await app.close();
      await server.stop();
    };
    return { port: portOf(app), ownDatabases: settings.databaseUrl === undefined ? server.url : undefined, stop };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function databaseServer({ databaseUrl, dataDir }: ShopSettings): Promise<{ url: string; stop(): Promise<void> }> {
  if (databaseUrl !== undefined) return { url: databaseUrl, stop: () => Promise.resolve() };
  return startPostgres({ dataDir, ignoreDatabaseUrl: true });
}

const portOf = (app: INestApplication): number => (app.getHttpServer() as { address(): AddressInfo }).address().port;
