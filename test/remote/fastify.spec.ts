import { describeTransport } from './support/describe-transport.js';
import { fastify } from './support/transports.js';

describeTransport(fastify);
