import type { Order } from '../entities/orders.ts'

/** What a piece costs. */
export const prices: readonly { readonly product: Order['product']; readonly price: number }[] = [
  { product: 'croissant', price: 2.4 },
  { product: 'muffin', price: 2.9 },
  { product: 'sourdough', price: 6.8 },
  { product: 'baguette', price: 2.1 },
  { product: 'cinnamon roll', price: 3.2 },
  { product: 'bagel', price: 1.9 },
  { product: 'pretzel', price: 1.6 },
  { product: 'brioche', price: 4.5 },
  { product: 'rye bread', price: 5.4 },
  { product: 'focaccia', price: 5.9 },
  { product: 'eclair', price: 3.8 },
  { product: 'cheesecake', price: 24.5 },
]

export const firstNames: readonly string[] = (
  'Ada Ahmed Aiko Ana Anders Anneke Ayşe Björn Camille Carlos Chiara Chinedu Daniel Dmitri Elif Émile Emma Esra Fatima Femi ' +
  'Gabriela Giulia Grace Hana Hiroshi Ida Ines Ivan Jamal Jan João Jürgen Kaito Karim Kateryna Kofi Lars Léa Leila Lucía Łukasz ' +
  'Mai Marek Maria Mateo Mei Mohammed Nadia Ngozi Niamh Nikos Noah Olga Omar Oskar Paulo Priya Rahul Rosa Sana Sara Seán Sofia ' +
  'Søren Svetlana Tariq Thandiwe Tomás Trinh Ulla Valentina Vikram Wei Xiang Yara Yusuf Zeynep Zoë Živa 愛 明 Оксана Елена محمد'
).split(' ')

export const lastNames: readonly string[] = (
  'Abebe Almeida Andersson Baker Bakker Bauer Brown Castro Chen Cohen Costa Çelik Da-Silva Díaz Dubois Eriksen Fernández Fischer ' +
  'Garcia Ghosh González Gupta Haddad Hansen Hernández Horvat Hughes Ito Ivanov Jansen Jensen Johnson Kaya Khan Kim Kowalski Kovač ' +
  'Lee Lopez Mbeki Mehta Meyer Moreau Müller Murphy Nagy Nakamura Nguyen Novák Nowak O’Brien Okafor Okoye Olsen Ortiz Öztürk ' +
  'Papadopoulos Park Patel Pereira Petrov Popescu Ramos Rossi Sato Schmidt Schröder Sharma Silva Singh Smith Suzuki Szabó Takahashi ' +
  'Tanaka Teixeira Thomsen Tran Usman Vasquez Virtanen Wagner Walker Wang Weiß Williams Yamamoto Yilmaz Zhang Žukauskas 山田 Шевченко'
).split(' ')

export const noteTexts: readonly string[] = [
  'Please ring twice',
  'Gluten-free, if you have it',
  'No nuts, allergy',
  'Leave it with the neighbour on the 2nd floor',
  'Birthday: write “Happy 40th, Zoë!” on the box 🎂',
  'Sliced, please',
  'Well done, dark crust',
  'Invoice to the office',
  'Call on arrival',
  'Half now, half on Friday',
  'As last time',
  'Bring change for 50',
  'Deliver to the back door before 7',
  'Candles on the side 🕯️',
  'Ohne Zucker, bitte',
  'Sin lactosa, por favor',
]
