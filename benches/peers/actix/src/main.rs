//! actix-web with one worker, and its file service.

mod streams;

use actix_files::{Files, NamedFile};
use actix_web::cookie::time::{Duration, OffsetDateTime};
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::ContentType;
use actix_web::rt::net::TcpStream;
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer};
use peer_common::{
    Arguments, COOKIE_DOMAIN, COOKIE_NAME, COOKIE_SECONDS, COOKIE_VALUE, HELLO, User,
};
use std::io;
use std::path::PathBuf;

struct Shared {
    users: Vec<User>,
    data: PathBuf,
}

#[actix_web::main]
async fn main() -> io::Result<()> {
    let arguments = Arguments::parse()?;
    let address = arguments.address();
    let shared = Data::new(Shared {
        users: arguments.users()?,
        data: arguments.data,
    });
    let fan = Data::new(streams::fan());
    HttpServer::new(move || {
        App::new()
            .app_data(Data::clone(&shared))
            .app_data(Data::clone(&fan))
            .configure(streams::routes)
            .route("/plaintext", web::get().to(plaintext))
            .route("/json", web::get().to(json))
            .route("/cookie", web::get().to(cookie))
            .route("/file/{name}", web::get().to(file))
            .route("/static/{name}", web::get().to(file))
            .service(Files::new("/site", shared.data.join("site")).try_compressed())
    })
    .on_connect(|stream, _| {
        if let Some(stream) = stream.downcast_ref::<TcpStream>()
            && let Err(error) = stream.set_nodelay(true)
        {
            eprintln!("TCP_NODELAY cannot be set: {error}");
        }
    })
    .workers(1)
    .bind(address)?
    .run()
    .await
}

async fn plaintext() -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::plaintext())
        .body(HELLO)
}

async fn json(shared: Data<Shared>) -> HttpResponse {
    HttpResponse::Ok().json(&shared.users)
}

async fn cookie() -> HttpResponse {
    let age = Duration::seconds(COOKIE_SECONDS);
    let cookie = Cookie::build(COOKIE_NAME, COOKIE_VALUE)
        .max_age(age)
        .expires(OffsetDateTime::now_utc() + age)
        .domain(COOKIE_DOMAIN)
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .finish();
    HttpResponse::Ok()
        .cookie(cookie)
        .content_type(ContentType::plaintext())
        .body(HELLO)
}

async fn file(shared: Data<Shared>, name: web::Path<String>) -> io::Result<NamedFile> {
    NamedFile::open(shared.data.join(&*name))
}
