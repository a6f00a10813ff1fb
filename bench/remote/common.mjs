import { TRANSFER } from '../workload/sql.mjs';

export const KEYS = [{ id: 'bench', secret: 'not a secret, and thirty-two characters long' }];

export const SQL = TRANSFER.north;
