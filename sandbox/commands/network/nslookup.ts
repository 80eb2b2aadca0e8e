import type { Process, Program } from '../../kernel/process.ts';
import { decode } from '../../kernel/streams.ts';
import { parseResolvConf } from '../../network/dns.ts';
import type { NetworkStack } from '../../network/socket.ts';

interface Answer {
  ipv4: string[];
  ipv6: string[];
}

/** The first name server of the machine's resolv.conf. */
function nameserver(process: Process): string {
  const { files } = process.machine;
  const text = files.exists('/etc/resolv.conf') ? decode(files.readFile('/etc/resolv.conf')) : '';
  return parseResolvConf(text).nameservers[0] ?? '127.0.0.1';
}

async function lookUp(process: Process, name: string): Promise<Answer> {
  const stack = process.machine.sockets as NetworkStack | undefined;
  return stack ? process.cancellation.guard(stack.resolve(name)) : { ipv4: [], ipv6: [] };
}

async function aliasesOf(process: Process, name: string): Promise<{ name: string; target: string }[]> {
  const stack = process.machine.sockets as NetworkStack | undefined;
  return stack ? process.cancellation.guard(stack.aliases(name)) : [];
}

/** nslookup(1) for addresses and aliases, by the machine's resolver. */
export const nslookup: Program = async (process) => {
  const words = process.argv.slice(1).filter((word) => !word.startsWith('-'));
  const type = process.argv
    .find((word) => /^-(type|query|q)=/i.test(word))
    ?.replace(/^.*=/, '')
    .toUpperCase();
  const [name] = words;
  if (name === undefined) {
    await process.write(2, 'nslookup: no name given (there is no interactive mode)\n');
    return 1;
  }
  const server = words[1] ?? nameserver(process);
  const head = `Server:\t\t${server}\nAddress:\t${server}${server.includes(':') ? '' : ':53'}\n\n`;
  if (type !== undefined && !['A', 'AAAA', 'ANY', 'CNAME'].includes(type)) {
    await process.write(2, `nslookup: records of type ${type} cannot be asked for here, only A, AAAA and CNAME\n`);
    return 1;
  }
  const chain = await aliasesOf(process, name);
  const stack = process.machine.sockets as NetworkStack | undefined;
  if (stack && !stack.lookup(name)) {
    await process.write(1, ';; connection timed out; no servers could be reached\n\n');
    return 1;
  }
  const aliases = chain.map((alias) => `${alias.name}\tcanonical name = ${alias.target}\n`).join('');
  if (type === 'CNAME' && chain.length > 0) {
    await process.write(1, `${head}Non-authoritative answer:\n${aliases}\n`);
    return 0;
  }
  const { ipv4, ipv6 } = await lookUp(process, name);
  if (type === 'CNAME' && ipv4.length + ipv6.length > 0) {
    await process.write(1, `${head}*** Can't find ${name}: No answer\n\n`);
    return 1;
  }
  const shown = [...(type === 'AAAA' ? [] : ipv4), ...(type === 'A' ? [] : ipv6)];
  if (shown.length === 0) {
    await process.write(1, `${head}** server can't find ${name}: NXDOMAIN\n\n`);
    return 1;
  }
  const owner = chain.at(-1)?.target ?? name;
  const rows = shown.map((address) => `Name:\t${owner}\nAddress: ${address}\n`);
  await process.write(1, `${head}Non-authoritative answer:\n${aliases}${rows.join('')}\n`);
  return 0;
};

/** dig(1): `dig [+short] NAME [A|AAAA]`. */
export const dig: Program = async (process) => {
  const words = process.argv.slice(1).filter((word) => !/^[-+@]/.test(word));
  const [name = '.', type = 'A'] = words;
  const wanted = type.toUpperCase();
  if (wanted !== 'A' && wanted !== 'AAAA') {
    await process.write(2, `dig: records of type ${wanted} cannot be asked for here, only A and AAAA\n`);
    return 1;
  }
  const began = process.kernel.now();
  const answer = await lookUp(process, name.endsWith('.') ? name : `${name}.`);
  const addresses = wanted === 'A' ? answer.ipv4 : answer.ipv6;
  if (process.argv.includes('+short')) {
    await process.write(1, addresses.map((address) => `${address}\n`).join(''));
    return 0;
  }
  const exists = answer.ipv4.length + answer.ipv6.length > 0;
  const full = name.endsWith('.') ? name : `${name}.`;
  const server = nameserver(process);
  const rows = addresses.map((address) => `${full}\t\t30\tIN\t${wanted}\t${address}\n`);
  const number = process.kernel.random.int(65536);
  await process.write(
    1,
    `\n; <<>> DiG 9.18.41 <<>> ${process.argv.slice(1).join(' ')}\n;; global options: +cmd\n;; Got answer:\n` +
      `;; ->>HEADER<<- opcode: QUERY, status: ${exists ? 'NOERROR' : 'NXDOMAIN'}, id: ${number}\n` +
      `;; flags: qr rd ra; QUERY: 1, ANSWER: ${rows.length}, AUTHORITY: 0, ADDITIONAL: 1\n\n` +
      `;; QUESTION SECTION:\n;${full}\t\t\tIN\t${wanted}\n\n` +
      (rows.length > 0 ? `;; ANSWER SECTION:\n${rows.join('')}\n` : '') +
      `;; Query time: ${Math.round(process.kernel.now() - began)} msec\n;; SERVER: ${server}#53(${server})\n\n`,
  );
  return 0;
};
