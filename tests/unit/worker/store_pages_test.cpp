#include "operator/worker/store_pages.hpp"

#include <gtest/gtest.h>

#include "operator/worker/listing.hpp"

namespace slipway::worker {
namespace {

const char* const kS3 = R"(<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
  <Name>b</Name><Prefix>in/</Prefix><KeyCount>3</KeyCount><IsTruncated>true</IsTruncated>
  <NextContinuationToken>1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=</NextContinuationToken>
  <Contents><Key>in/</Key><LastModified>2026-09-01T11:00:00.000Z</LastModified><ETag>"d4"</ETag>
    <Size>0</Size></Contents>
  <Contents><Key>in/a%20b.csv</Key><LastModified>2026-09-01T12:00:00.250Z</LastModified>
    <ETag>&quot;e1&quot;</ETag><Size>5</Size></Contents>
  <Contents><Key>in/c.csv</Key><LastModified>2026-09-01T12:00:01.000Z</LastModified>
    <ETag>"e2"</ETag><Size>0</Size></Contents>
</ListBucketResult>)";

TEST(StorePages, ReadsAListOfS3) {
  const auto page = ReadS3Page(kS3);
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->objects.size(), 2U) << "what stands for a folder is left out";
  EXPECT_EQ(page->objects[0].key, "in/a%20b.csv");
  EXPECT_EQ(page->objects[0].tag, "\"e1\"");
  EXPECT_EQ(page->objects[0].written, *ParseTime("2026-09-01T12:00:00.250000Z"));
  EXPECT_EQ(page->next, "1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=");
}

TEST(StorePages, ReadsAListOfAzure) {
  const auto page = ReadAzurePage(R"(<?xml version="1.0" encoding="utf-8"?>
<EnumerationResults ServiceEndpoint="https://a.blob.core.windows.net/" ContainerName="c">
<Blobs>
  <Blob><Name>in/a.csv</Name><Properties><Last-Modified>Tue, 01 Sep 2026 12:00:00 GMT</Last-Modified>
    <Etag>0x8CB</Etag><Content-Length>5</Content-Length></Properties></Blob>
  <Blob><Name>in/folder</Name><Properties><ResourceType>directory</ResourceType>
    <Last-Modified>Tue, 01 Sep 2026 12:00:00 GMT</Last-Modified><Etag>0x8CC</Etag></Properties></Blob>
</Blobs><NextMarker>2!92!x</NextMarker></EnumerationResults>)");
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->objects.size(), 1U);
  EXPECT_EQ(page->objects[0].key, "in/a.csv");
  EXPECT_EQ(page->objects[0].tag, "0x8CB");
  EXPECT_EQ(page->objects[0].written, *ParseTime("2026-09-01T12:00:00Z"));
  EXPECT_EQ(page->next, "2!92!x");
}

TEST(StorePages, AnEmptyListIsOne) {
  EXPECT_TRUE(ReadS3Page("<ListBucketResult/>")->objects.empty());
  EXPECT_TRUE(ReadAzurePage("<EnumerationResults><Blobs/><NextMarker/></EnumerationResults>")
                  ->next.empty());
}

TEST(StorePages, WhatIsNoListIsRefused) {
  for (const char* text :
       {"", "<html>", "{}", "<ListBucketResult>", "<Error><Code>x</Code></Error>",
        "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
        "<ListBucketResult><Contents><Key>k</Key></Contents></ListBucketResult>"}) {
    EXPECT_FALSE(ReadS3Page(text)) << text;
    EXPECT_FALSE(ReadAzurePage(text)) << text;
  }
}

TEST(StorePages, NoEntityIsExpanded) {
  const auto page = ReadS3Page(
      "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\"><!ENTITY b \"bbbb\">]>"
      "<ListBucketResult><Contents><Key>&a;&b;</Key><LastModified>2026-09-01T12:00:00Z"
      "</LastModified></Contents></ListBucketResult>");
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(page->objects[0].key, "&a;&b;");
}

TEST(StorePages, ARefusalIsToldInTheStoresWords) {
  EXPECT_EQ(ReadStoreError("<?xml version=\"1.0\"?><Error><Code>NoSuchBucket</Code><Message>The "
                           "bucket\ndoes not exist</Message></Error>"),
            "NoSuchBucket: The bucket does not exist");
  EXPECT_EQ(ReadStoreError("<html/>"), "");
}

TEST(StorePages, QueriesGoOnWhereThePageBeforeEnded) {
  EXPECT_EQ(CanonicalQuery(S3PageQuery("a/", "t=")),
            "continuation-token=t%3D&encoding-type=url&list-type=2&max-keys=1000&prefix=a%2F");
  EXPECT_EQ(CanonicalQuery(AzurePageQuery("", "")), "comp=list&maxresults=5000&restype=container");
}

const Instant kNoon = *ParseTime("2026-09-01T12:00:00Z");
constexpr std::chrono::seconds kSecond{1};

TEST(Listing, CountsWhatIsThere) {
  Listing listing(std::nullopt);
  EXPECT_EQ(listing.Objects(), 0);
  listing.Add("a", "1", kNoon);
  listing.Add("b", "1", kNoon + std::chrono::milliseconds(900));
  listing.Add("c", "1", kNoon - kSecond);
  const auto result = listing.Finish();
  EXPECT_EQ(result.listing->objects, 3);
  EXPECT_EQ(result.listing->newest_time, kNoon);
  EXPECT_EQ(result.listing->newest_count, 2);
  EXPECT_EQ(result.revision.size(), 71U);
}

TEST(Listing, AnEmptyOneHasNoNewest) {
  const auto result = Listing(CountFrom{kNoon, 2}).Finish();
  EXPECT_EQ(result.listing->objects, 0);
  EXPECT_FALSE(result.listing->newest_time);
  EXPECT_EQ(result.new_objects, 0);
}

TEST(Listing, NewIsWhatWasWrittenLaterOrBesideTheNewest) {
  Listing listing(CountFrom{kNoon, 2});
  listing.Add("old", "1", kNoon - kSecond);
  for (const char* key : {"x", "y", "z"}) listing.Add(key, "1", kNoon);
  listing.Add("later", "1", kNoon + kSecond);
  EXPECT_EQ(listing.Finish().new_objects, 2);
}

TEST(Listing, WhatIsDeletedDoesNotCountAgainstWhatIsNew) {
  Listing listing(CountFrom{kNoon, 5});
  listing.Add("x", "1", kNoon);
  listing.Add("later", "1", kNoon + kSecond);
  EXPECT_EQ(listing.Finish().new_objects, 1);
}

std::string RevisionOf(const std::vector<std::pair<const char*, const char*>>& objects) {
  Listing listing(std::nullopt);
  for (const auto& [key, tag] : objects) listing.Add(key, tag, kNoon);
  return listing.Finish().revision;
}

TEST(Listing, TheRevisionDependsOnKeysAndTagsAlone) {
  EXPECT_EQ(RevisionOf({{"a", "1"}}), RevisionOf({{"a", "1"}}));
  EXPECT_NE(RevisionOf({{"a", "1"}}), RevisionOf({{"a", "2"}}));
  EXPECT_NE(RevisionOf({{"ab", "1"}}), RevisionOf({{"a", "b1"}}));
  EXPECT_NE(RevisionOf({{"a", "1"}, {"b", "2"}}), RevisionOf({{"a", "1"}}));
}

}  // namespace
}  // namespace slipway::worker
