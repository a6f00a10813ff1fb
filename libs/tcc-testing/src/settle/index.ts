export { settle, type SettleOptions } from './settle.js';
