//! Countries with their share of the people online, and their cities.

/// A country and its cities, the largest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Country {
    /// ISO 3166-1 alpha-2.
    pub code: &'static str,
    /// People online, in millions, roughly.
    pub weight: u32,
    /// Standard time of most of its people, whole hours east of UTC.
    pub utc_offset: i8,
    /// By size; the n-th gets 1/n of the first's traffic, which is how city sizes fall in most countries.
    pub cities: &'static [&'static str],
}

const fn country(code: &'static str, weight: u32, utc_offset: i8, cities: &'static [&'static str]) -> Country {
    Country { code, weight, utc_offset, cities }
}

/// Every country the generator draws from.
pub const COUNTRIES: &[Country] = &[
    country("IN", 820, 5, &["Mumbai", "Delhi", "Bengaluru", "Hyderabad", "Chennai", "Kolkata", "Pune"]),
    country(
        "US",
        311,
        -6,
        &["New York", "Los Angeles", "Chicago", "Houston", "Phoenix", "Washington, D.C.", "Seattle", "Boston"],
    ),
    country("ID", 212, 7, &["Jakarta", "Surabaya", "Bandung", "Medan", "Semarang", "Makassar"]),
    country("BR", 181, -3, &["São Paulo", "Rio de Janeiro", "Brasília", "Fortaleza", "Salvador", "Belo Horizonte"]),
    country("RU", 127, 3, &["Moscow", "Saint Petersburg", "Novosibirsk", "Yekaterinburg", "Kazan"]),
    country("JP", 107, 9, &["Tokyo", "Yokohama", "Osaka", "Nagoya", "Sapporo", "Fukuoka"]),
    country("MX", 100, -6, &["Ciudad de México", "Tijuana", "Guadalajara", "Monterrey", "Puebla", "Mérida"]),
    country("NG", 95, 1, &["Lagos", "Kano", "Ibadan", "Abuja", "Port Harcourt"]),
    country("PH", 86, 8, &["Quezon City", "Manila", "Davao", "Cebu", "Zamboanga"]),
    country("PK", 85, 5, &["Karachi", "Lahore", "Faisalabad", "Rawalpindi", "Islamabad"]),
    country("EG", 82, 2, &["Cairo", "Alexandria", "Giza", "Port Said", "Luxor"]),
    country("VN", 78, 7, &["Hồ Chí Minh", "Hà Nội", "Hải Phòng", "Cần Thơ", "Đà Nẵng"]),
    country("DE", 78, 1, &["Berlin", "Hamburg", "München", "Köln", "Frankfurt am Main", "Düsseldorf", "Leipzig"]),
    country("TR", 72, 3, &["İstanbul", "Ankara", "İzmir", "Bursa", "Antalya"]),
    country("BD", 70, 6, &["Dhaka", "Chattogram", "Khulna", "Rajshahi", "Sylhet"]),
    country("GB", 66, 0, &["London", "Birmingham", "Glasgow", "Leeds", "Manchester", "Edinburgh", "Cardiff"]),
    country("TH", 63, 7, &["Bangkok", "Nonthaburi", "Chiang Mai", "Hat Yai", "Phuket"]),
    country("FR", 60, 1, &["Paris", "Marseille", "Lyon", "Toulouse", "Nice", "Nantes", "Saint-Étienne"]),
    country("IT", 51, 1, &["Roma", "Milano", "Napoli", "Torino", "Palermo", "Bologna"]),
    country("KR", 50, 9, &["Seoul", "Busan", "Incheon", "Daegu", "Daejeon"]),
    country("ES", 45, 1, &["Madrid", "Barcelona", "València", "Sevilla", "Zaragoza", "Málaga"]),
    country("ZA", 45, 2, &["Johannesburg", "Cape Town", "Durban", "Pretoria", "Gqeberha"]),
    country("AR", 40, -3, &["Buenos Aires", "Córdoba", "Rosario", "Mendoza", "Tucumán"]),
    country("CO", 40, -5, &["Bogotá", "Medellín", "Cali", "Barranquilla", "Cartagena"]),
    country("CA", 36, -5, &["Toronto", "Montréal", "Calgary", "Ottawa", "Vancouver", "Québec"]),
    country("SA", 36, 3, &["Riyadh", "Jeddah", "Mecca", "Medina", "Dammam"]),
    country("PL", 34, 1, &["Warszawa", "Kraków", "Łódź", "Wrocław", "Poznań", "Gdańsk"]),
    country("MA", 34, 1, &["Casablanca", "Rabat", "Fès", "Tanger", "Marrakech"]),
    country("MY", 33, 8, &["Kuala Lumpur", "Johor Bahru", "Ipoh", "George Town", "Kuching"]),
    country("UA", 30, 2, &["Kyiv", "Kharkiv", "Odesa", "Dnipro", "Lviv"]),
    country("PE", 25, -5, &["Lima", "Arequipa", "Trujillo", "Chiclayo", "Cusco"]),
    country("AU", 25, 10, &["Sydney", "Melbourne", "Brisbane", "Perth", "Adelaide", "Hobart"]),
    country("KE", 22, 3, &["Nairobi", "Mombasa", "Kisumu", "Nakuru"]),
    country("TW", 21, 8, &["New Taipei", "Taichung", "Kaohsiung", "Taipei", "Tainan"]),
    country("CL", 18, -4, &["Santiago", "Valparaíso", "Concepción", "Antofagasta"]),
    country("NL", 17, 1, &["Amsterdam", "Rotterdam", "'s-Gravenhage", "Utrecht", "Eindhoven"]),
    country("RO", 17, 2, &["București", "Cluj-Napoca", "Iași", "Timișoara", "Constanța"]),
    country("GH", 23, 0, &["Accra", "Kumasi", "Tamale", "Takoradi"]),
    country("EC", 15, -5, &["Guayaquil", "Quito", "Cuenca", "Manta"]),
    country("BE", 11, 1, &["Antwerpen", "Gent", "Charleroi", "Liège", "Bruxelles"]),
    country("SE", 10, 1, &["Stockholm", "Göteborg", "Malmö", "Uppsala"]),
    country("CZ", 9, 1, &["Praha", "Brno", "Ostrava", "Plzeň"]),
    country("AE", 9, 4, &["Dubai", "Abu Dhabi", "Sharjah", "Al Ain"]),
    country("PT", 9, 0, &["Lisboa", "Porto", "Braga", "Coimbra"]),
    country("HU", 9, 1, &["Budapest", "Debrecen", "Szeged", "Miskolc", "Győr"]),
    country("GR", 9, 2, &["Athens", "Thessaloniki", "Patras", "Heraklion"]),
    country("IL", 8, 2, &["Jerusalem", "Tel Aviv", "Haifa", "Be'er Sheva"]),
    country("AT", 8, 1, &["Wien", "Graz", "Linz", "Salzburg", "Innsbruck", "St. Pölten"]),
    country("CH", 8, 1, &["Zürich", "Genève", "Basel", "Lausanne", "Bern"]),
    country("SG", 6, 8, &["Singapore", "Jurong East", "Tampines", "Woodlands"]),
    country("DK", 6, 1, &["København", "Aarhus", "Odense", "Aalborg"]),
    country("FI", 5, 2, &["Helsinki", "Espoo", "Tampere", "Turku", "Oulu"]),
    country("NO", 5, 1, &["Oslo", "Bergen", "Trondheim", "Stavanger", "Tromsø"]),
    country("SK", 5, 1, &["Bratislava", "Košice", "Prešov", "Žilina"]),
    country("NZ", 5, 12, &["Auckland", "Christchurch", "Wellington", "Hamilton"]),
    country("IE", 5, 0, &["Dublin", "Cork", "Limerick", "Galway"]),
    country("CR", 4, -6, &["San José", "Alajuela", "Cartago", "Limón"]),
    country("UY", 3, -3, &["Montevideo", "Salto", "Paysandú"]),
    country("SI", 2, 1, &["Ljubljana", "Maribor", "Celje"]),
    country("EE", 1, 2, &["Tallinn", "Tartu", "Narva", "Pärnu"]),
    country("IS", 1, 0, &["Reykjavík", "Kópavogur", "Akureyri"]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn sixty_countries_with_several_cities_each() {
        let codes: HashSet<&str> = COUNTRIES.iter().map(|country| country.code).collect();
        assert_eq!(codes.len(), COUNTRIES.len(), "a country is listed twice");
        assert!((55..=70).contains(&codes.len()), "{} countries", codes.len());
        for country in COUNTRIES {
            assert!(country.code.len() == 2 && country.code.bytes().all(|b| b.is_ascii_uppercase()), "{country:?}");
            assert!(country.cities.len() >= 3 && country.weight > 0, "{country:?}");
            let cities: HashSet<&str> = country.cities.iter().copied().collect();
            assert_eq!(cities.len(), country.cities.len(), "{country:?}");
        }
    }
}
