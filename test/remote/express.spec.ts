import { describeTransport } from './support/describe-transport.js';
import { express } from './support/transports.js';

describeTransport(express);
