// SPDX-License-Identifier: Apache-2.0
// Where a country's circle is drawn: about its middle, in whole degrees (longitude, latitude). Names come from the browser (Intl), in its own data.
import { language } from './words.js';

const TEXT = `AD 2 43,AE 54 24,AF 66 34,AL 20 41,AM 45 40,AO 18 -12,AR -65 -35,AT 14 48,AU 134 -25,AZ 48 40,BA 18 44,BD 90 24,BE 4 51,BF -2 12,BG 25 43,BH 51 26,BI 30 -3,BJ 2 10,BN 115 5,BO -64 -17,BR -53 -11,BS -77 25,BT 90 27,BW 24 -22,BY 28 53,BZ -89 17,CA -106 56,CD 23 -3,CF 21 7,CG 15 -1,CH 8 47,CI -6 8,CL -71 -33,CM 12 6,CN 104 35,CO -73 4,CR -84 10,CU -79 22,CV -24 16,CY 33 35,CZ 15 50,DE 10 51,DJ 43 12,DK 9 56,DO -70 19,DZ 3 28,EC -78 -1,EE 26 59,EG 30 27,ER 39 15,ES -4 40,ET 40 9,FI 26 64,FJ 178 -18,FR 2 47,GA 12 -1,GB -2 54,GE 44 42,GH -1 8,GL -41 72,GM -15 13,GN -11 11,GQ 10 2,GR 22 39,GT -90 15,GW -15 12,GY -59 5,HK 114 22,HN -87 15,HR 16 45,HT -72 19,HU 19 47,ID 114 -2,IE -8 53,IL 35 31,IN 79 22,IQ 44 33,IR 54 32,IS -19 65,IT 12 43,JM -77 18,JO 36 31,JP 138 37,KE 38 0,KG 75 41,KH 105 13,KP 127 40,KR 128 36,KW 48 29,KZ 67 48,LA 102 19,LB 36 34,LK 81 8,LR -9 6,LS 28 -30,LT 24 55,LU 6 50,LV 25 57,LY 17 27,MA -7 32,MC 7 44,MD 29 47,ME 19 43,MG 47 -19,MK 22 42,ML -4 17,MM 96 21,MN 104 47,MO 113 22,MR -10 20,MT 14 36,MU 58 -20,MV 73 3,MW 34 -13,MX -102 24,MY 102 4,MZ 36 -18,NA 18 -22,NC 165 -21,NE 9 17,NG 8 10,NI -85 13,NL 5 52,NO 9 61,NP 84 28,NZ 172 -41,OM 56 21,PA -80 9,PE -75 -9,PG 144 -6,PH 122 13,PK 69 30,PL 19 52,PR -66 18,PS 35 32,PT -8 39,PY -58 -23,QA 51 25,RO 25 46,RS 21 44,RU 96 61,RW 30 -2,SA 45 24,SB 160 -9,SC 55 -5,SD 30 15,SE 16 62,SG 104 1,SI 15 46,SK 19 49,SL -12 8,SM 12 44,SN -14 14,SO 46 5,SR -56 4,SS 31 7,SV -89 14,SY 38 35,SZ 31 -27,TD 19 15,TG 1 8,TH 101 15,TJ 71 39,TL 126 -9,TM 59 39,TN 9 34,TR 35 39,TT -61 10,TW 121 24,TZ 35 -6,UA 31 49,UG 32 1,US -98 39,UY -56 -33,UZ 64 41,VE -66 7,VN 106 16,YE 48 16,ZA 25 -29,ZM 28 -14,ZW 30 -19`;
const PLACES = new Map(TEXT.split(',').map((line) => { const [cc, lon, lat] = line.split(' '); return [cc, [Number(lon), Number(lat)]]; }));

export const placeOf = (cc) => PLACES.get(cc) ?? null;
export function countryName(cc) {
	try {
		const words = new Intl.DisplayNames(language.get(), { type: 'region', fallback: 'none' }).of(cc);
		return words ?? null;
	} catch { return null; }
}
