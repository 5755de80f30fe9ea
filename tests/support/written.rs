//! The same visits in every form that clicktop reads.

use serde_json::json;

use super::clicks::OwnedClick;
use super::visits::Visit;

/// The site in forms that hold whole urls.
const SITE: &str = "https://shop.example";

/// A form, and what its clicks must come to.
pub struct Written {
    pub name: &'static str,
    /// The `[events]` of the configuration; empty for the nine fields.
    pub events: String,
    /// Lines before the first record.
    pub header: Option<String>,
    /// One record each; none depends on its place.
    pub records: Vec<String>,
    /// The clicks in it.
    pub clicks: Vec<OwnedClick>,
}

impl Written {
    fn new(
        name: &'static str,
        events: impl Into<String>,
        visits: &[Visit],
        record: impl Fn(&Visit) -> String,
        click: impl Fn(&Visit) -> OwnedClick,
    ) -> Self {
        Self {
            name,
            events: events.into(),
            header: None,
            records: visits.iter().map(record).collect(),
            clicks: visits.iter().map(click).collect(),
        }
    }

    fn preset(
        name: &'static str,
        visits: &[Visit],
        record: impl Fn(&Visit) -> String,
        click: impl Fn(&Visit) -> OwnedClick,
    ) -> Self {
        Self::new(name, format!("preset = \"{name}\"\n"), visits, record, click)
    }

    fn under(self, header: impl Into<String>) -> Self {
        Self { header: Some(header.into()), ..self }
    }

    /// The same form with a broken record after each hundredth: the beginning of another.
    pub fn with_broken_records(mut self) -> (Self, usize) {
        let chunks: Vec<Vec<String>> = self.records.chunks(100).map(<[String]>::to_vec).collect();
        let broken = chunks.len();
        self.records = chunks
            .into_iter()
            .flat_map(|chunk| {
                let cut = chunk[0].chars().take(chunk[0].chars().count() / 3).collect();
                chunk.into_iter().chain([cut])
            })
            .collect();
        (self, broken)
    }

    /// The names of the columns in `header`.
    pub fn columns<'a>(&self, header: &'a str) -> Vec<&'a str> {
        match header.split_once("#Fields: ") {
            Some((_, fields)) => fields.split(' ').collect(),
            None => header.split([',', ';', '|']).collect(),
        }
    }

    /// The file: header and records, one in each line.
    pub fn text(&self) -> Vec<u8> {
        let lines = self.header.iter().chain(&self.records);
        lines.flat_map(|line| [line.as_bytes(), b"\n"].concat()).collect()
    }
}

/// The url with its host, under the country's code.
fn whole(visit: &Visit) -> OwnedClick {
    visit.click(format!("{SITE}{}", visit.path), visit.country.0)
}

/// Path and query, under no country.
fn local(visit: &Visit) -> OwnedClick {
    visit.click(visit.path.clone(), "unknown")
}

fn csv(fields: &[&str], separator: u8) -> String {
    let mut writer = csv::WriterBuilder::new().delimiter(separator).from_writer(Vec::new());
    writer.write_record(fields).expect("written");
    let line = String::from_utf8(writer.into_inner().expect("written")).expect("text");
    line.trim_end_matches(['\r', '\n']).to_owned()
}

/// Every form.
pub fn all(visits: &[Visit]) -> Vec<Written> {
    let mut all = nine(visits);
    all.extend(mapped(visits));
    all.extend(logs(visits));
    all.extend(trackers(visits));
    all
}

fn nine(visits: &[Visit]) -> Vec<Written> {
    let nine = |visit: &Visit, separator: u8| {
        let time = visit.time().to_string();
        let Visit { id, user, path, country, city, browser, os, device, .. } = visit;
        csv(&[id, user, &time, path, country.0, city, browser, os, device], separator)
    };
    let local = |visit: &Visit| visit.click(visit.path.clone(), visit.country.0);
    let names = ["click_id", "user_id", "timestamp", "url", "country", "city", "browser", "os", "device"];
    let flat = |visit: &Visit| {
        json!({"click_id": visit.id, "user_id": visit.user, "timestamp": visit.at, "url": visit.path, "country": visit.country.0})
            .to_string()
    };
    let nested = |visit: &Visit| {
        json!({
            "row_key": visit.id,
            "click_data": {"user_id": visit.user, "timestamp": visit.at * 1000, "url": visit.path},
            "geo_data": {"country": visit.country.0, "city": visit.city},
            "user_agent_data": {"browser": visit.browser, "operating_system": visit.os, "device": visit.device},
        })
        .to_string()
    };
    vec![
        Written::new("csv", "", visits, |visit| nine(visit, b','), local),
        Written::new("semicolons", "", visits, |visit| nine(visit, b';'), local).under(names.join(";")),
        Written::new("flat", "", visits, flat, local),
        Written::new("nested", "", visits, nested, local),
        Written::preset("nine", visits, flat, local),
    ]
}

fn mapped(visits: &[Visit]) -> Vec<Written> {
    let local = |visit: &Visit| visit.click(visit.path.clone(), visit.country.0);
    let bars = |visit: &Visit| {
        let (path, query) = visit.split();
        let time = visit.formatted("%d.%m.%Y %H:%M:%S");
        csv(&[&visit.user, path, query, &time, "x", visit.country.0, "more"], b'|')
    };
    let by_name = "form = \"csv\"\nseparator = \"|\"\nuser_id = \"Who\"\ntimestamp = \"When\"\ncountry = \"Land\"\n\
         time_form = \"%d.%m.%Y %H:%M:%S\"\nurl = { join = [\"Path\", \"Query\"], with = \"?\" }\n";
    let by_number = "form = \"csv\"\nseparator = \"|\"\nuser_id = 1\ntimestamp = 4\ncountry = 6\n\
         time_form = \"%d.%m.%Y %H:%M:%S\"\nurl = { join = [2, 3], with = \"?\" }\n";
    let tsv = |visit: &Visit| {
        let time = (visit.at * 1_000_000).to_string();
        [&visit.id, &visit.user, &time, &visit.path, "\\N", visit.country.0].join("\t")
    };
    let tabs = "form = \"tsv\"\ncolumns = [\"id\", \"who\", \"when\", \"what\", \"nothing\", \"where\"]\nclick_id = \"id\"\n\
         user_id = [\"nothing\", \"who\"]\ntimestamp = \"when\"\ntime_form = \"us\"\nurl = \"what\"\ncountry = \"where\"\n";
    let deep = |visit: &Visit| {
        json!({
            "meta": {"kind": "page", "ids": [visit.id, 7]},
            "who": {"anon.id": visit.user, "account": null},
            "hits": [{"at": visit.time().to_string(), "to": format!("{SITE}{}#top", visit.path)}],
            "geo": visit.country.0,
        })
        .to_string()
    };
    let paths = "form = \"json\"\nclick_id = \"meta.ids[0]\"\nuser_id = [\"who.account\", 'who.\"anon.id\"']\ntimestamp = \"hits[0].at\"\n\
         time_form = \"rfc3339\"\nurl = \"hits[0].to\"\nurl_path_only = true\nurl_fragment = \"drop\"\ncountry = \"geo\"\n\
         where = [{ field = \"meta.kind\", is = [\"page\", \"screen\"] }]\n";
    vec![
        Written::new("bars", by_name, visits, bars, local).under("Who|Path|Query|When|Price|Land|Note"),
        Written::new("numbers", by_number, visits, bars, local),
        Written::new("tabs", tabs, visits, tsv, local),
        Written::new("paths", paths, visits, deep, local),
    ]
}

/// A quoted field of an access log.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

fn logs(visits: &[Visit]) -> Vec<Written> {
    let common = |visit: &Visit| {
        let time = visit.formatted("%d/%b/%Y:%H:%M:%S +0000");
        let Visit { ip, user, path, .. } = visit;
        format!("{ip} - {user} [{time}] \"GET {} HTTP/1.1\" 200 512", escaped(path))
    };
    let combined = |visit: &Visit| format!("{} \"-\" \"{}\"", common(visit), escaped(visit.agent));
    let or_dash = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    // The forms write a blank in an agent as a plus sign, and have no other.
    let iis = |visit: &Visit| {
        let (stem, query) = visit.split();
        let Visit { ip, user, agent, .. } = visit;
        let time = visit.formatted("%Y-%m-%d %H:%M:%S");
        format!("{time} 10.0.0.1 GET {stem} {} 443 {user} {ip} {} 200 0 0 15", or_dash(query), agent.replace(' ', "+"))
    };
    let cloudfront = |visit: &Visit| {
        let (stem, query) = visit.split();
        let Visit { ip, user, agent, .. } = visit;
        let (date, time) = (visit.formatted("%Y-%m-%d"), visit.formatted("%H:%M:%S"));
        let agent = agent.replace(' ', "%20");
        [&date, &time, "FRA2", "512", ip, "GET", "d1.example", stem, "200", user, &agent, &or_dash(query)].join("\t")
    };
    let w3c = |visits: &[Visit], record: &dyn Fn(&Visit) -> String, fields: &str| {
        Written::preset("w3c", visits, record, local).under(format!("#Version: 1.0\n#Fields: {fields}"))
    };
    let caddy = |visit: &Visit| {
        json!({
            "level": "info", "ts": visit.at as f64 + 0.0, "logger": "http.log.access", "msg": "handled request",
            "request": {
                "remote_ip": visit.ip, "client_ip": visit.ip, "proto": "HTTP/2.0", "method": "GET", "host": "shop.example",
                "uri": visit.path, "headers": {"User-Agent": [visit.agent], "Accept": ["*/*"]},
            },
            "user_id": visit.user, "duration": 0.001, "size": 512, "status": 200,
        })
        .to_string()
    };
    let traefik = |visit: &Visit| {
        json!({
            "ClientAddr": format!("{}:40112", visit.ip), "ClientHost": visit.ip, "ClientUsername": visit.user,
            "RequestMethod": "GET", "RequestHost": "shop.example", "RequestPath": visit.path, "RequestProtocol": "HTTP/1.1",
            "StartUTC": visit.time().to_string(), "StartLocal": visit.time().to_string(), "time": visit.time().to_string(),
            "DownstreamStatus": 200, "request_User-Agent": visit.agent, "level": "info", "msg": "",
        })
        .to_string()
    };
    let nginx = |visit: &Visit| {
        json!({
            "time_iso8601": visit.formatted("%Y-%m-%dT%H:%M:%S+00:00"), "remote_addr": visit.ip, "remote_user": visit.user,
            "request_method": "GET", "request_uri": visit.path, "status": "200", "body_bytes_sent": "512",
            "http_referer": "", "http_user_agent": visit.agent, "request_id": visit.id,
        })
        .to_string()
    };
    vec![
        Written { name: "common", ..Written::preset("combined", visits, common, local) },
        Written::preset("combined", visits, combined, local),
        w3c(
            visits,
            &iis,
            "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status \
             sc-substatus sc-win32-status time-taken",
        ),
        Written {
            name: "cloudfront",
            ..w3c(
                visits,
                &cloudfront,
                "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs-username \
                 cs(User-Agent) cs-uri-query",
            )
        },
        Written::preset("nginx_json", visits, nginx, local),
        Written::preset("caddy", visits, caddy, local),
        Written::preset("traefik", visits, traefik, local),
    ]
}

fn trackers(visits: &[Visit]) -> Vec<Written> {
    let segment = |visit: &Visit| {
        json!({
            "type": "page", "messageId": visit.id, "anonymousId": visit.user, "userId": null, "name": "Shop",
            "timestamp": visit.time().to_string(), "originalTimestamp": visit.time().to_string(),
            "properties": {"url": format!("{SITE}{}", visit.path), "path": visit.split().0, "title": "Shop"},
            "context": {
                "ip": visit.ip, "userAgent": visit.agent,
                "page": {"url": format!("{SITE}{}", visit.path), "path": visit.split().0},
                "library": {"name": "analytics.js", "version": "2.11.1"},
            },
        })
        .to_string()
    };
    let posthog = |visit: &Visit| {
        json!({
            "uuid": visit.id, "event": "$pageview", "distinct_id": visit.user, "timestamp": visit.time().to_string(),
            "properties": {
                "$current_url": format!("{SITE}{}", visit.path), "$pathname": visit.split().0, "$ip": visit.ip,
                "$geoip_country_code": visit.country.0, "$geoip_country_name": visit.country.1,
                "$geoip_city_name": visit.city, "$browser": visit.browser, "$os": visit.os,
                "$device_type": visit.device, "$raw_user_agent": visit.agent,
            },
        })
        .to_string()
    };
    let ga4 = |visit: &Visit| {
        let page = json!({"key": "page_location", "value": {"string_value": format!("{SITE}{}", visit.path)}});
        let session = json!({"key": "ga_session_id", "value": {"int_value": "1769800000"}});
        let title = json!({"key": "page_title", "value": {"string_value": "Shop"}});
        let params = if visit.at % 2 == 0 { json!([session, page, title]) } else { json!([page, title, session]) };
        json!({
            "event_date": visit.formatted("%Y%m%d"), "event_timestamp": (visit.at * 1_000_000).to_string(),
            "event_name": "page_view", "event_params": params, "user_pseudo_id": visit.user,
            "device": {"category": visit.device, "operating_system": visit.os, "web_info": {"browser": visit.browser}},
            "geo": {"country": visit.country.1, "city": visit.city},
        })
        .to_string()
    };
    let named = |visit: &Visit| visit.click(format!("{SITE}{}", visit.path), visit.country.1);
    let rees46 = |visit: &Visit| {
        let time = visit.formatted("%Y-%m-%d %H:%M:%S UTC");
        let product = visit.product.to_string();
        csv(
            &[
                &time,
                "view",
                &product,
                "2053013555631882655",
                "electronics.phone",
                "acme",
                "489.07",
                &visit.user,
                &visit.id,
            ],
            b',',
        )
    };
    let of_product = |visit: &Visit| visit.click(format!("/product/{}", visit.product), "unknown");
    vec![
        Written::preset("segment", visits, segment, |visit| OwnedClick {
            country: "unknown".to_owned(),
            ..whole(visit)
        }),
        Written::preset("posthog", visits, posthog, whole),
        Written::preset("ga4", visits, ga4, named),
        Written::preset("rees46", visits, rees46, of_product)
            .under("event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"),
        Written::preset("snowplow", visits, snowplow, whole),
        Written::preset("snowplow_json", visits, snowplow_json, whole),
        matomo(visits),
    ]
}

/// The enriched event of Snowplow: 131 columns between tabs. Those that are set, by their numbers from 1.
fn snowplow(visit: &Visit) -> String {
    let mut columns = vec![String::new(); 131];
    let time = visit.formatted("%Y-%m-%d %H:%M:%S.000");
    for (number, text) in [
        (1, "shop"),
        (2, "web"),
        (3, &time),
        (4, &time),
        (6, "page_view"),
        (7, &visit.id),
        (14, &visit.ip),
        (16, &visit.user),
        (19, visit.country.0),
        (21, visit.city),
        (30, &format!("{SITE}{}", visit.path)),
        (112, visit.browser),
        (118, visit.os),
        (120, visit.device),
    ] {
        columns[number - 1] = text.to_owned();
    }
    columns.join("\t")
}

fn snowplow_json(visit: &Visit) -> String {
    let time = visit.formatted("%Y-%m-%dT%H:%M:%S.000Z");
    json!({
        "app_id": "shop", "platform": "web", "collector_tstamp": time, "event": "page_view", "event_name": "page_view",
        "event_id": visit.id, "user_ipaddress": visit.ip, "domain_userid": visit.user, "geo_country": visit.country.0,
        "geo_city": visit.city, "page_url": format!("{SITE}{}", visit.path), "br_family": visit.browser,
        "os_family": visit.os, "dvce_type": visit.device, "useragent": visit.agent,
    })
    .to_string()
}

/// Matomo's visitor log: up to five pages of a user in one record.
fn matomo(visits: &[Visit]) -> Written {
    let mut of_users: std::collections::BTreeMap<&str, Vec<&Visit>> = std::collections::BTreeMap::new();
    for visit in visits {
        of_users.entry(&visit.user).or_default().push(visit);
    }
    let records = of_users.values().flat_map(|visits| visits.chunks(5)).enumerate().map(|(number, pages)| {
        let first = pages[0];
        let actions: Vec<_> = pages
            .iter()
            .enumerate()
            .map(|(at, page)| {
                json!({
                    "type": "action", "url": format!("{SITE}{}", page.path), "timestamp": page.at, "pageId": 5 * number + at,
                    "idpageview": &page.id[..6],
                })
            })
            .chain([json!({"type": "event", "url": SITE, "timestamp": first.at, "eventCategory": "video"})])
            .collect();
        json!({
            "idVisit": number.to_string(), "visitorId": first.user, "visitIp": first.ip, "actionDetails": actions,
            "countryCode": first.country.0.to_lowercase(), "country": first.country.1, "city": first.city,
            "browserName": first.browser, "operatingSystemName": first.os, "deviceType": first.device,
        })
        .to_string()
    });
    let clicks = visits.iter().map(|visit| OwnedClick {
        country: visit.country.0.to_lowercase(),
        ..visit.click(format!("{SITE}{}", visit.path), "")
    });
    Written {
        name: "matomo",
        events: "preset = \"matomo\"\n".to_owned(),
        header: None,
        records: records.collect(),
        clicks: clicks.collect(),
    }
}
