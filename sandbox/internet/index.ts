import { editionCnnCom } from './edition-cnn-com.ts';
import { httpbinOrg } from './httpbin-org.ts';
import type { Site } from './site.ts';
import { wikipediaOrg } from './wikipedia-org.ts';
import { wwwGoogleCom } from './www-google-com.ts';

/** Every site there is. A name that is on none of them does not resolve. */
export const sites: readonly Site[] = [editionCnnCom, httpbinOrg, wikipediaOrg, wwwGoogleCom];
