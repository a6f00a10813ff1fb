import { ConfigurationError } from 'nestjs-tcc';

const LARGEST_PORT = 65_535;

/** Reads variables, and names the one that cannot work. Blank is the same as not set. */
export class Environment {
  constructor(private readonly env: NodeJS.ProcessEnv) {}

  text(name: string): string | undefined {
    const text = this.env[name]?.trim();
    return text === '' ? undefined : text;
  }

  /** @throws ConfigurationError */
  port(name: string, otherwise: number): number {
    const port = Number(this.text(name) ?? otherwise);
    if (Number.isInteger(port) && port >= 0 && port <= LARGEST_PORT) return port;
    throw new ConfigurationError(
      name,
      `${JSON.stringify(this.env[name])} is no port; give a number up to ${LARGEST_PORT}`,
    );
  }

  /**
   * @param example how to write it: the value itself may hold a password and is not shown
   * @throws ConfigurationError
   */
  url(name: string, example: string): string | undefined {
    const url = this.text(name);
    if (url !== undefined && !URL.canParse(url)) throw new ConfigurationError(name, `it is no URL; write ${example}`);
    return url;
  }

  /** @throws ConfigurationError when it is not set */
  requiredUrl(name: string, example: string): string {
    const url = this.url(name, example);
    if (url === undefined) throw new ConfigurationError(name, `it is needed here; write ${example}`);
    return url;
  }
}
