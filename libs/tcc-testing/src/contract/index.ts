export { describeLedgerContract, type LedgerUnderTest } from './describe-ledger-contract.js';
