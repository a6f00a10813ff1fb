const COMMENTS = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/|;)+/;
const STATEMENT =
  /^(?:begin|start\s+transaction|commit|end|abort|prepare\s+transaction|rollback(?!\s+(?:(?:work|transaction)\s+)?to\b))\b/i;

/** How most statements begin: neither as one of these nor with a comment. Seen at once, without a copy of the text. */
const ANOTHER = /^[^abceprs\s/;-]/i;

/**
 * Whether a query begins or ends the transaction of its connection. Inside a phase it would commit the barrier row
 * with half of the business rows, and Postgres would answer the phase's own COMMIT with a mere warning.
 */
export function isTransactionStatement(statement: string | object): boolean {
  const text = typeof statement === 'string' ? statement : (statement as { text?: unknown }).text;
  return typeof text === 'string' && !ANOTHER.test(text) && STATEMENT.test(text.replace(COMMENTS, ''));
}
