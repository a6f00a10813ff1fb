import { describeLedgerContract, InMemoryLedger } from 'nestjs-tcc-testing';

describeLedgerContract('InMemoryLedger', async () => {
  const ledger = new InMemoryLedger();
  await ledger.open();
  return { ledger, stop: () => ledger.close() };
});
