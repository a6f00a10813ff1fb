import net from 'node:net';
import type { DynamicModule, INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientProxyFactory, Transport, type ClientOptions, type MicroserviceOptions } from '@nestjs/microservices';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { RemoteParticipantOptions } from 'nestjs-tcc';
import { catchAll, disturb, PublicController } from './disturbances.js';
import { httpMiddle, meddlingClient, type Middle } from './middle.js';

/** A running application, of whichever kind. */
export type Running = Pick<INestApplication, 'get' | 'close'>;

/** How callers come to it. */
export interface Reach {
  readonly imports: readonly DynamicModule[];
  readonly entry: Pick<RemoteParticipantOptions, 'url' | 'client'>;
  close(): Promise<void>;
}

/** One address, at which an application may be started again and again. */
export interface Address {
  /** Where it listens itself; undefined behind a broker. */
  readonly port: number | undefined;
  serve(module: Type): Promise<Running>;
  reach(middle: Middle): Promise<Reach>;
  close(): Promise<void>;
}

/** A way in which calls travel. */
export interface TransportUnderTest {
  readonly name: string;
  /** Whether the other side hears of a caller that has hung up. */
  readonly tellsOfAborts: boolean;
  /** Whether it keeps connections until what came over them is answered. */
  readonly answersBeforeItGoes: boolean;
  /** What the application has besides. */
  readonly controllers: readonly Type[];
  open(): Promise<Address>;
}

export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const QUIET = { logger: false, abortOnError: false } as const;
export const KILOBYTE = 1_024;

const http = (
  name: string,
  wildcard: string,
  start: (module: Type) => Promise<INestApplication>,
): TransportUnderTest => ({
  name,
  controllers: [PublicController, catchAll(wildcard)],
  tellsOfAborts: true,
  answersBeforeItGoes: true,
  async open() {
    const port = await freePort();
    return {
      port,
      serve: async (module) => {
        const app = await start(module);
        disturb(app);
        await app.listen(port, '127.0.0.1');
        return app;
      },
      reach: async (middle) => {
        const between = await httpMiddle(`http://127.0.0.1:${port}`, middle);
        return { imports: [], entry: { url: `${between.url}/api` }, close: between.close };
      },
      close: () => Promise.resolve(),
    };
  },
});

export const express = http('HTTP on Express', '*path', async (module) => {
  const app = await NestFactory.create<NestExpressApplication>(module, QUIET);
  return app.useBodyParser('json', { limit: KILOBYTE, type: ['json', '+json'] });
});

export const fastify = http('HTTP on Fastify', '*', (module) =>
  NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter({ bodyLimit: KILOBYTE }), QUIET),
);

/** Anything that Nest has a server and a `ClientProxy` for. */
export const microservice = (
  name: string,
  options: () => Promise<{
    /** Made anew for each start where it is an object of its own. */
    readonly server: MicroserviceOptions | (() => MicroserviceOptions);
    readonly client: ClientOptions;
    readonly port?: number;
    readonly close?: () => Promise<void>;
  }>,
): TransportUnderTest => ({
  name,
  controllers: [],
  tellsOfAborts: false,
  answersBeforeItGoes: false,
  async open() {
    const { server, client, port, close } = await options();
    return {
      port,
      serve: async (module) => {
        const app = await NestFactory.createMicroservice<MicroserviceOptions>(module, {
          ...QUIET,
          ...(typeof server === 'function' ? server() : server),
        });
        await app.listen();
        return app;
      },
      reach: (middle) => {
        class Clients {}
        const token = Symbol('client');
        const provider = {
          provide: token,
          useFactory: () => meddlingClient(ClientProxyFactory.create(client), middle),
        };
        return Promise.resolve({
          imports: [{ module: Clients, providers: [provider] }],
          entry: { client: token },
          close: () => Promise.resolve(),
        });
      },
      close: async () => close?.(),
    };
  },
});

export const tcp = microservice('Nest TCP', async () => {
  const options = { host: '127.0.0.1', port: await freePort() };
  const { port } = options;
  return { port, server: { transport: Transport.TCP, options }, client: { transport: Transport.TCP, options } };
});
