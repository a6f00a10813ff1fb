import { describeTransport } from './support/describe-transport.js';
import { tcp } from './support/transports.js';

describeTransport(tcp);
