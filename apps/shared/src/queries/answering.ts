import { RpcException } from '@nestjs/microservices';
import { isDatabaseFailure } from '../database/database-failure.js';
import { DATABASE_UNAVAILABLE } from './place-unavailable.error.js';

/** Runs what answers a message; that the database is away reaches the caller as a code. */
export async function answering<Answer>(work: Promise<Answer>): Promise<Answer> {
  try {
    return await work;
  } catch (error) {
    if (!isDatabaseFailure(error)) throw error;
    throw new RpcException({ code: DATABASE_UNAVAILABLE, message: 'The database does not answer.' });
  }
}
