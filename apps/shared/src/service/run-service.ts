import type { AddressInfo } from 'node:net';
import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { runUntilStopped, type Running } from '../process/run-until-stopped.js';
import { StderrLogger } from '../stderr.logger.js';
import { nestTransport } from '../transport/nest-transport.js';
import { serviceSettings, type ServiceSettings } from './service-settings.js';

/** Runs a service that the storefront calls as this process. */
export function runService(
  name: string,
  usualPort: number,
  module: (settings: ServiceSettings) => DynamicModule,
): void {
  runUntilStopped(() => {
    const settings = serviceSettings(name, usualPort, process.env);
    return settings.transport === 'http' ? overHttp(name, settings, module) : overNest(name, settings, module);
  });
}

const OPTIONS = { logger: new StderrLogger(), abortOnError: false } as const;

async function overHttp(
  name: string,
  settings: ServiceSettings,
  module: (settings: ServiceSettings) => DynamicModule,
): Promise<Running> {
  const app = await NestFactory.create(module(settings), OPTIONS);
  try {
    await app.listen(settings.port, settings.host);
  } catch (error) {
    await app.close();
    throw error;
  }
  const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
  return { lines: [`${name} listening on http://127.0.0.1:${port}`], stop: () => app.close() };
}

async function overNest(
  name: string,
  settings: ServiceSettings,
  module: (settings: ServiceSettings) => DynamicModule,
): Promise<Running> {
  const { transport, service, host, port, broker } = settings;
  if (transport === 'http') throw new Error('HTTP is no transport of Nest microservices');
  const url = broker ?? `tcp://${host}:${port}`;
  const app = await NestFactory.createMicroservice(module(settings), {
    ...nestTransport({ transport, service, url }),
    ...OPTIONS,
  });
  try {
    await app.listen();
  } catch (error) {
    await app.close();
    throw error;
  }
  return { lines: [`${name} listening on ${withoutPassword(url)}`], stop: () => app.close() };
}

function withoutPassword(text: string): string {
  const url = new URL(text);
  url.password = '';
  return url.href;
}
