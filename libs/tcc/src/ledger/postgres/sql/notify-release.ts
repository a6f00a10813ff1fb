import { createHash } from 'node:crypto';
import type { Statement } from './statement.js';

/** The channel on which instances of a service hear of released work. A digest: a channel's name is short and any service's is not. */
export const releaseChannel = (storedService: string): string =>
  `tcc_release_${createHash('sha256').update(storedService).digest('hex').slice(0, 32)}`;

/** Wakes the instances of a service. $1 channel. Never in a flush: NOTIFY makes commits wait for each other. */
export const notifyRelease = (storedService: string): Statement<unknown> => ({
  name: 'tcc-notify-release-1',
  text: `select pg_notify($1, '')`,
  values: [releaseChannel(storedService)],
});
