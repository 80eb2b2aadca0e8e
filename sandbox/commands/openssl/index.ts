import type { Program } from '../../kernel/process.ts';
import { client } from './client.ts';
import { x509 } from './x509.ts';

/** openssl(1), as far as certificates are read and shown: `x509`, `s_client` and `version`. */
export const openssl: Program = async (process) => {
  const [command = 'help', ...args] = process.argv.slice(1);
  switch (command) {
    case 'x509':
      return x509(process, args);
    case 's_client':
      return client(process, args);
    case 'version':
      await process.write(1, 'OpenSSL 3.0.19 27 Jan 2026 (Library: OpenSSL 3.0.19 27 Jan 2026)\n');
      return 0;
    case 'help':
      await process.write(1, 'Commands here: s_client version x509\n');
      return 0;
    default:
      await process.write(2, `Invalid command '${command}'; type "help" for a list.\n`);
      return 1;
  }
};
